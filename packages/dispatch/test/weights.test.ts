import { type Device, createDevice } from '@metal-fp4/metal-core'
import { packColumns64 } from '@metal-fp4/kernels'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DispatchError, denseWeightsFrom, fp4WeightsFrom, matmulFp4, uploadDense, uploadFp4 } from '../src/index.js'
import { float32Bound, nmse, normal, product, tensor } from './support.js'

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 1 })
})
afterAll(() => {
  device.dispose()
})

describe('uploadFp4', () => {
  it('keeps weights in private memory until disposed', async () => {
    const weights = await uploadFp4(device, tensor({ n: 70, k: 100, format: 'nvfp4' }))
    expect(weights).toMatchObject({ format: 'nvfp4', n: 70, k: 100, groupSize: 16, experts: 1, stacks: 1 })
    // Columns are padded to 128, K to 13 words and 7 groups.
    expect(weights.codes.byteLength).toBe(128 * 13 * 4)
    expect(weights.scales.byteLength).toBe(128 * 7)
    expect(weights.columnScales?.byteLength).toBe(128 * 4)
    expect(weights.codes).toMatchObject({ storage: 'private', disposed: false })
    weights.dispose()
    weights.dispose()
    expect(weights.codes).toMatchObject({ disposed: true })
    expect(weights.columnScales).toMatchObject({ disposed: true })
  })

  it('refuses stacks and orders that a tensor does not have', async () => {
    const whole = uploadFp4(device, tensor({ n: 64, k: 32, format: 'fp4' }), { stacks: 2 })
    await expect(whole).rejects.toThrow('expected parts of two equal sizes for stacks: 2, got [64].')
    const kn = uploadFp4(device, tensor({ n: 64, k: 32, format: 'mxfp4' }), { order: 'kn' })
    await expect(kn).rejects.toThrow(
      "[uploadFp4] expected one fp4 matrix for order 'kn', got mxfp4, 1 experts, 1 stacks.",
    )
  })
})

describe('fp4WeightsFrom', () => {
  it('takes views of one buffer, as of a mapped file, and leaves them to their owner', async () => {
    const [n, k] = [64, 128]
    const quantized = tensor({ n, k, format: 'nvfp4' })
    const { codes, scales, columnScales } = packColumns64(quantized)
    const parts = [codes, scales, columnScales!].map(
      (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    )
    const file = new Uint8Array(3 * 16384)
    for (const [i, part] of parts.entries()) file.set(part, i * 16384)
    using buffer = device.createBuffer({ data: file })
    const [codesView, scalesView, columnScalesView] = parts.map((part, i) => buffer.view(i * 16384, part.byteLength))
    const shape = { format: 'nvfp4', n, k, groupSize: 16 } as const
    const weights = fp4WeightsFrom({ ...shape, codes: codesView, scales: scalesView, columnScales: columnScalesView })
    const x = normal(k, 1)
    expect(
      nmse(await matmulFp4(device, x, weights, { precision: 'float32' }), product(x, quantized, 1, n, k)),
    ).toBeLessThan(float32Bound)
    weights.dispose()
    expect(buffer.disposed).toBe(false)
  })

  it('names what is too small or missing', () => {
    const memory = device.createBuffer({ byteLength: 64 * 4 * 4 })
    const shape = { format: 'fp4', n: 64, k: 32, groupSize: 32, codes: memory, scales: memory } as const
    expect(fp4WeightsFrom(shape)).toMatchObject({ experts: 1, stacks: 1, order: 'columns64', columnScales: null })
    const attempt =
      (changes: object): (() => unknown) =>
      () =>
        fp4WeightsFrom({ ...shape, ...changes })
    expect(attempt({ n: 65 })).toThrow(DispatchError)
    expect(attempt({ n: 65 })).toThrow('[fp4WeightsFrom] expected codes of at least 2048 bytes, got 1024 bytes.')
    expect(attempt({ scales: memory.view(0, 100) })).toThrow('expected scales of at least 128 bytes, got 100 bytes')
    expect(attempt({ format: 'nvfp4', groupSize: 16 })).toThrow('expected columnScales for nvfp4, got none')
    expect(attempt({ columnScales: memory })).toThrow('expected no columnScales for fp4 in order columns64, got some')
    expect(attempt({ k: 0 })).toThrow('expected k to be a positive integer, got 0')
    expect(attempt({ stacks: 3 })).toThrow('expected stacks 1 or 2, got 3')
    expect(attempt({ format: 'bf16' })).toThrow('expected format fp4, mxfp4 or nvfp4, got bf16')
    memory.dispose()
  })
})

describe('dense weights', () => {
  it('are as large as their shape asks for', () => {
    const memory = device.createBuffer({ byteLength: 64 })
    expect(denseWeightsFrom({ type: 'bf16', n: 4, k: 8, weights: memory })).toMatchObject({
      type: 'bf16',
      experts: 1,
      stacks: 1,
    })
    expect(() => denseWeightsFrom({ type: 'f32', n: 4, k: 8, weights: memory })).toThrow(
      '[denseWeightsFrom] expected weights of at least 128 bytes, got 64 bytes.',
    )
    expect(() => denseWeightsFrom({ type: 'fp4' as 'f32', n: 4, k: 8, weights: memory })).toThrow(
      'expected type f32, f16, bf16, got fp4',
    )
    memory.dispose()
  })

  it('refuse values of another length or type', async () => {
    const short = uploadDense(device, { n: 4, k: 8, type: 'f32', values: new Float32Array(31) })
    await expect(short).rejects.toThrow('[uploadDense] expected 32 values for [1, 1, 4, 8], got 31.')
    const bits = uploadDense(device, { n: 4, k: 8, type: 'f32', values: new Uint16Array(32) })
    await expect(bits).rejects.toThrow('[uploadDense] expected a Float32Array for f32, got a Uint16Array.')
  })
})
