/** Quantizes weights without holding up the event loop: large matrices on several threads, small ones in slices. The bits are the same. */
import {
  PoolError,
  type QuantizeOptions,
  type QuantizedTensor,
  type WeightValues,
  quantizeAsync,
} from '@metal-fp4/fp4-quant'
import { type Quantizer, createQuantizer } from '@metal-fp4/fp4-quant/parallel'

/** Values of a matrix from which threads are worth starting: fewer are done within a tenth of a second. */
const largeMatrix = 2 ** 22

export class WeightQuantizer implements AsyncDisposable {
  readonly #threads: number | undefined
  #pool: Quantizer | undefined
  #alone: boolean

  /** `threads`: at most, as many as there are when left out. They are started with the first large matrix. */
  constructor(threads?: number) {
    this.#threads = threads
    this.#alone = threads === 1
  }

  /** @throws QuantizationError for values that cannot be quantized, and the signal's reason */
  async quantize(values: WeightValues, options: QuantizeOptions): Promise<QuantizedTensor> {
    const { experts = 1, n, k } = options
    if (this.#alone || experts * n * k < largeMatrix) return quantizeAsync(values, options)
    try {
      this.#pool ??= createQuantizer(this.#threads === undefined ? {} : { threads: this.#threads })
      return await this.#pool.quantize(values, options)
    } catch (error) {
      if (!(error instanceof PoolError)) throw error
      // Threads that cannot be had (too little memory, a sandbox) cost time, not the result.
      await this.dispose()
      this.#alone = true
      return quantizeAsync(values, options)
    }
  }

  async dispose(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.dispose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

/** What goes along with quantizing a weight. */
export interface QuantizeWork {
  readonly signal?: AbortSignal | undefined
  /** Default: on this thread. */
  readonly quantizer?: WeightQuantizer | undefined
}
