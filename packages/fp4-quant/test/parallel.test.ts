/** Quantizing on worker threads: the same bits, errors, aborts, disposal. */
import { afterAll, describe, expect, it } from 'vitest'
import {
  type QuantizeOptions, type QuantizedTensor, PoolError, QuantizationError, float32ToBfloat16Array, quantize, quantizeAsync,
} from '../src/index.js' // prettier-ignore
import { createQuantizer } from '../src/parallel/index.js'
import { normal } from './random.js'

const pool = createQuantizer({ threads: 2 })
afterAll(() => pool.dispose())

const cases: [string, QuantizeOptions][] = [
  ['fp4, several chunks, ragged N', { n: 1043, k: 1024, format: 'fp4' }],
  ['fp4, ragged K and group', { n: 37, k: 333, format: 'fp4', groupSize: 48 }],
  ['mxfp4, mse', { n: 64, k: 96, format: 'mxfp4', scales: 'mse' }],
  ['mxfp4, experts', { experts: 3, n: 50, k: 64, format: 'mxfp4' }],
  ['nvfp4, parts and experts', { experts: 2, n: 100, k: 128, format: 'nvfp4', parts: [60, 30, 10] }],
  ['nvfp4, several chunks of a part', { n: 1100, k: 1024, format: 'nvfp4' }],
  ['one row', { n: 1, k: 16, format: 'nvfp4' }],
]

describe('a pool of two threads', () => {
  it.each(cases)('gives the bits of quantize: %s', async (_, options) => {
    const values = normal((options.experts ?? 1) * options.n * options.k, 5)
    const expected = quantize(values, options)
    const before = values.slice()
    expectSame(await pool.quantize(values, options), expected)
    expectSame(await quantizeAsync(values, options), expected)
    expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(before.buffer))).toBe(0)
  })
  it('takes bfloat16, views in the middle of a buffer, and shared memory', async () => {
    const options: QuantizeOptions = { n: 33, k: 64, format: 'nvfp4' }
    const values = normal(33 * 64 + 7, 6).subarray(7)
    expect(await pool.quantize(values, options)).toEqual(quantize(values, options))
    const bits = float32ToBfloat16Array(values.slice())
    const expected = quantize({ type: 'bfloat16', bits }, options)
    expect(await pool.quantize({ type: 'bfloat16', bits }, options)).toEqual(expected)
    const shared = new Uint16Array(new SharedArrayBuffer(bits.byteLength))
    shared.set(bits)
    const tensor = await pool.quantize({ type: 'bfloat16', bits: shared }, { ...options, transfer: true })
    expect(tensor).toEqual(expected)
    expect(tensor.packed.buffer).toBeInstanceOf(ArrayBuffer)
    expect(shared.length).toBe(bits.length)
  })
  it('moves the buffer when asked to', async () => {
    const values = normal(64 * 64, 7)
    const options: QuantizeOptions = { n: 64, k: 64, format: 'mxfp4' }
    const expected = quantize(values, options)
    const seen: number[] = []
    const onProgress = (done: number): number => seen.push(done)
    expect(await pool.quantize(values, { ...options, transfer: true, onProgress })).toEqual(expected)
    expect(values.length).toBe(0)
    expect(seen.at(-1)).toBe(64)
  })
  it('reports progress up to the last row', async () => {
    const seen: number[] = []
    const options: QuantizeOptions = { n: 2048, k: 512, format: 'fp4', onProgress: (done) => seen.push(done) }
    await pool.quantize(new Float32Array(2048 * 512).fill(1), options)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(2048)
  })
  it.each(['fp4', 'nvfp4'] as const)('rejects with the error of quantize and goes on: %s', async (format) => {
    const options: QuantizeOptions = { n: 1500, k: 1024, format }
    const values = new Float32Array(1500 * 1024).fill(1)
    values[1400 * 1024 + 3] = NaN
    values[900 * 1024 + 5] = Infinity
    const message = messageOf(() => quantize(values, options))
    expect(message).toContain('row 900, column 5')
    const error = await pool.quantize(values, options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QuantizationError)
    expect(error).toMatchObject({ message, code: 'ERR_FP4_QUANT_ARGUMENT' })
    const moved = pool.quantize(values.slice(), { ...options, transfer: true })
    await expect(moved).rejects.toMatchObject({ message, code: 'ERR_FP4_QUANT_ARGUMENT' })
    values[1400 * 1024 + 3] = values[900 * 1024 + 5] = 0
    expectSame(await pool.quantize(values, options), quantize(values, options))
  })
  it('rejects bad options as quantize does', async () => {
    const bad = { n: 2, k: 16, format: 'fp5' } as unknown as QuantizeOptions
    await expect(pool.quantize(new Float32Array(32), bad)).rejects.toThrow(
      messageOf(() => quantize(new Float32Array(32), bad)),
    )
    await expect(pool.quantize(new Float32Array(31), { n: 2, k: 16, format: 'fp4' })).rejects.toThrow(QuantizationError)
  })
  it.each([false, true])(
    'stops when aborted, before and during the work, and goes on (transfer: %s)',
    async (transfer) => {
      const options: QuantizeOptions = { n: 2048, k: 1024, format: 'fp4', scales: 'mse' }
      const values = normal(2048 * 1024, 8)
      const reason = new Error('enough')
      await expect(pool.quantize(values, { ...options, transfer, signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      )
      const controller = new AbortController()
      const job = pool.quantize(values.slice(), {
        ...options,
        transfer,
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      })
      await expect(job).rejects.toBe(reason)
      const small: QuantizeOptions = { n: 16, k: 64, format: 'fp4' }
      expect(await pool.quantize(values.slice(0, 1024), small)).toEqual(quantize(values.slice(0, 1024), small))
    },
  )
  it('carries what onProgress throws', async () => {
    const options: QuantizeOptions = {
      n: 64, k: 64, format: 'fp4', onProgress: () => { throw new RangeError('mine') },
    } // prettier-ignore
    await expect(pool.quantize(new Float32Array(64 * 64), options)).rejects.toThrow(RangeError)
  })
  it('does many tensors at once', async () => {
    const options: QuantizeOptions = { n: 20, k: 48, format: 'nvfp4' }
    const inputs = Array.from({ length: 50 }, (_, i) => normal(20 * 48, i))
    const tensors = await Promise.all(inputs.map((values) => pool.quantize(values, options)))
    expect(tensors).toEqual(inputs.map((values) => quantize(values, options)))
  })
})

describe('a pool that is disposed', () => {
  it('rejects what is under way and what comes, as often as it is disposed', async () => {
    const own = createQuantizer({ threads: 1 })
    const job = own.quantize(normal(1 << 20, 9), { n: 1024, k: 1024, format: 'fp4', scales: 'mse' })
    const [result] = await Promise.all([job.catch((error: unknown) => error), own.dispose(), own.dispose()])
    expect(result).toBeInstanceOf(PoolError)
    expect(result).toMatchObject({ code: 'ERR_FP4_QUANT_POOL' })
    own[Symbol.dispose]()
    await own[Symbol.asyncDispose]()
    await expect(own.quantize(new Float32Array(16), { n: 1, k: 16, format: 'fp4' })).rejects.toThrow(PoolError)
  })
  it('refuses bad options', () => {
    expect(() => createQuantizer({ threads: 0 })).toThrow('[createQuantizer] expected threads of 1..512, got 0.')
    expect(() => createQuantizer({ createWorker: 1 as never })).toThrow('expected createWorker to be a function')
  })
  it('says so when a worker cannot be made, or is lost', async () => {
    const broken = createQuantizer({
      createWorker: () => {
        throw new Error('no workers here')
      },
    })
    const options: QuantizeOptions = { n: 1, k: 16, format: 'fp4' }
    await expect(broken.quantize(new Float32Array(16), options)).rejects.toThrow(/no workers here.*createWorker/)
    const lost = createQuantizer({
      threads: 1,
      createWorker: () => {
        const worker = {
          onmessage: null,
          onmessageerror: null,
          onerror: null,
          postMessage: () => undefined,
          terminate: () => undefined,
        }
        setTimeout(() => (worker.onerror as unknown as (event: object) => void)({ message: 'out of memory' }), 5)
        return worker
      },
    })
    await expect(lost.quantize(new Float32Array(16), options)).rejects.toThrow(/got out of memory/)
  })
})

/** toEqual, which takes seconds for a million elements. */
function expectSame(actual: QuantizedTensor, expected: QuantizedTensor): void {
  for (const name of ['packed', 'scales', 'globalScales'] as const) {
    expect(actual[name].constructor, name).toBe(expected[name].constructor)
    expect(Buffer.compare(bytes(actual[name]), bytes(expected[name])), name).toBe(0)
  }
  const shape = ({ packed: _p, scales: _s, globalScales: _g, ...rest }: QuantizedTensor): object => rest
  expect(shape(actual)).toEqual(shape(expected))
}

function bytes(array: ArrayBufferView): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}

function messageOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('expected an error')
}
