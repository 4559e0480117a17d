/** Quantizing on several threads: worker threads in Node, web workers in browsers. */
import { PoolError, describe, failOption as fail } from '../errors.js'
import type { QuantizeOptions } from '../options.js'
import type { QuantizedTensor } from '../tensor.js'
import type { WeightValues } from '../weight-values.js'
import { availableThreads } from './node.js'
import { Pool } from './pool.js'
import { quantizeChunks, quantizeWhole } from './quantize-on-pool.js'
import type { WorkerLike } from './thread.js'

export { PoolError } from '../errors.js'
export type { WorkerLike } from './thread.js'

export interface QuantizerOptions {
  /** Workers at most, started when there is work for them. Default: the threads that this process may run on. */
  threads?: number
  /**
   * Makes a worker whose script is '@metal-fp4/fp4-quant/worker'. Only needed in pages whose content policy forbids workers from
   * `blob:`: `() => new Worker(new URL('@metal-fp4/fp4-quant/worker', import.meta.url), { type: 'module' })`.
   */
  createWorker?: () => WorkerLike
}

export interface ParallelQuantizeOptions extends QuantizeOptions {
  /**
   * Moves the values' buffer to a worker instead of copying from it piece by piece: the caller's array is then empty, and one thread does
   * the whole tensor. For many tensors of which each is needed once. Default false. (Values in a SharedArrayBuffer are never copied.)
   */
  transfer?: boolean
}

/** A pool of workers. It does not keep a process alive unless it is at work. */
export interface Quantizer {
  /** Workers at most. */
  readonly threads: number
  /**
   * `quantize`, bit for bit. Any number of calls may be under way.
   * @throws QuantizationError (as a rejection) for what `quantize` throws; the pool stays usable.
   * @throws the signal's reason when aborted, at once; the pool stays usable.
   * @throws PoolError when the pool is disposed, or when a worker cannot start or dies (of too little memory, say).
   */
  quantize(values: WeightValues, options: ParallelQuantizeOptions): Promise<QuantizedTensor>
  /** Ends the workers; what is under way is rejected. May be called again. */
  dispose(): Promise<void>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes a pool. @throws OptionError for a bad option. */
export function createQuantizer(options: QuantizerOptions = {}): Quantizer {
  const op = 'createQuantizer'
  if (typeof options !== 'object' || (options as unknown) === null) {
    fail(op, 'options { threads? }', describe(options), 'Leave them out for one worker a thread.')
  }
  const { threads = availableThreads(), createWorker } = options
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > 512) {
    fail(op, 'threads of 1..512', describe(threads), 'Leave it out to use the threads that there are.')
  }
  if (createWorker !== undefined && typeof createWorker !== 'function') {
    fail(op, 'createWorker to be a function', describe(createWorker), 'Pass () => new Worker(…).')
  }
  const pool = new Pool(threads, createWorker)
  const quantizer: Quantizer = {
    threads,
    quantize: async (values, jobOptions) => {
      if (pool.disposed) {
        throw new PoolError('[quantize] expected a pool in use, got a disposed one. Make another with createQuantizer.')
      }
      const whole = (jobOptions as Partial<ParallelQuantizeOptions> | undefined)?.transfer === true
      return whole ? quantizeWhole(pool, values, jobOptions) : quantizeChunks(pool, values, jobOptions)
    },
    dispose: () => pool.dispose(),
    [Symbol.dispose]: () => void pool.dispose(),
    [Symbol.asyncDispose]: () => pool.dispose(),
  }
  return quantizer
}
