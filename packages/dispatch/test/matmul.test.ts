import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DispatchError, libraryFor, matmul, matmulFp4, uploadDense, uploadFp4 } from '../src/index.js'
import { bounds, float32Bound, halfBound, int8Bound, nmse, normal, product, swiglu, tensor } from './support.js'

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 2 })
})
afterAll(() => {
  device.dispose()
})

describe('matmulFp4', () => {
  const regimes = [1, 2, 8, 9, 64, 65]
  const shapes = [
    ['whole tiles', 128, 256],
    ['ragged N', 67, 256],
    ['ragged K', 64, 200],
    ['K not a multiple of 8', 70, 77],
  ] as const

  for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) {
    for (const [name, n, k] of shapes) {
      it(`${format}, ${name}: equals float64 products at the border of each regime`, async () => {
        const quantized = tensor({ n, k, format })
        using weights = await uploadFp4(device, quantized)
        const rows = normal(Math.max(...regimes) * k, 7)
        const expected = product(rows, quantized, Math.max(...regimes), n, k)
        for (const precision of ['float32', 'int8'] as const) {
          for (const m of regimes) {
            const got = await matmulFp4(device, rows.subarray(0, m * k), weights, { precision })
            expect(got).toHaveLength(m * n)
            expect(nmse(got, expected.subarray(0, m * n)), `M = ${m}`).toBeLessThan(bounds[precision])
          }
        }
      })
    }
  }

  it('takes fp4 groups of any size', async () => {
    for (const groupSize of [16, 24, 32, 64, 200]) {
      const quantized = tensor({ n: 65, k: 200, format: 'fp4', groupSize })
      using weights = await uploadFp4(device, quantized)
      const x = normal(200, 3)
      expect(nmse(await matmulFp4(device, x, weights), product(x, quantized, 1, 65, 200))).toBeLessThan(
        groupSize === 24 ? float32Bound : int8Bound,
      )
    }
  })

  it('row i of M = 2..8 has the bits of that row alone', async () => {
    using weights = await uploadFp4(device, tensor({ n: 130, k: 300, format: 'nvfp4' }))
    const rows = normal(8 * 300, 5)
    for (const precision of ['float32', 'int8'] as const) {
      const multiply = (first: number, m: number): Promise<Float32Array> =>
        matmulFp4(device, rows.subarray(first * 300, (first + m) * 300), weights, { precision })
      const alone = await Promise.all(Array.from({ length: 8 }, (_, i) => multiply(i, 1)))
      for (let m = 2; m <= 8; m++) {
        const together = await multiply(0, m)
        for (let i = 0; i < m; i++) expect(together.subarray(i * 130, (i + 1) * 130)).toEqual(alone[i])
      }
    }
  })

  it('weights of two stacks give silu(gate) * up', async () => {
    const quantized = tensor({ n: 2 * 70, k: 96, format: 'nvfp4', parts: [70, 70] })
    using weights = await uploadFp4(device, quantized, { stacks: 2 })
    expect(weights).toMatchObject({ n: 70, k: 96, stacks: 2, experts: 1, order: 'columns64' })
    for (const m of [1, 3, 12]) {
      const x = normal(m * 96, 11)
      const expected = swiglu(product(x, quantized, m, 140, 96), m, 70)
      expect(nmse(await matmulFp4(device, x, weights), expected)).toBeLessThan(int8Bound)
    }
  })

  it('takes activations from a buffer or a view of one', async () => {
    const quantized = tensor({ n: 64, k: 128, format: 'mxfp4' })
    using weights = await uploadFp4(device, quantized)
    const rows = normal(4 * 128, 2)
    using buffer = device.createBuffer({ data: rows })
    const expected = product(rows, quantized, 4, 64, 128)
    expect(nmse(await matmulFp4(device, buffer, weights), expected)).toBeLessThan(int8Bound)
    const last = await matmulFp4(device, buffer.view(3 * 128 * 4), weights)
    expect(nmse(last, expected.subarray(3 * 64))).toBeLessThan(int8Bound)
    const two = await matmulFp4(device, buffer, weights, { m: 2 })
    expect(nmse(two, expected.subarray(0, 2 * 64))).toBeLessThan(int8Bound)
  })

  it('runs the baselines by name, on weights in the public layout', async () => {
    const quantized = tensor({ n: 96, k: 256, format: 'fp4' })
    using weights = await uploadFp4(device, quantized, { order: 'kn' })
    for (const kernel of ['decode_gemv_fp4_wide', 'marlin_gemm_fp4'] as const) {
      for (const m of [1, 3]) {
        const x = normal(m * 256, m)
        const got = await matmulFp4(device, x, weights, { kernel })
        expect(nmse(got, product(x, quantized, m, 96, 256)), kernel).toBeLessThan(halfBound)
      }
    }
    await expect(matmulFp4(device, normal(256, 1), weights)).rejects.toThrow('Legal when asked for by name')
  })

  it('says what is wrong with activations', async () => {
    using weights = await uploadFp4(device, tensor({ n: 64, k: 128, format: 'fp4' }))
    const attempt = (x: Float32Array, m?: number): Promise<unknown> =>
      matmulFp4(device, x, weights, m === undefined ? {} : { m })
    await expect(attempt(new Float32Array(130))).rejects.toThrow(DispatchError)
    await expect(attempt(new Float32Array(130))).rejects.toThrow(
      '[matmul] expected x of whole rows of k = 128 values, got 130 values.',
    )
    await expect(attempt(new Float32Array(0))).rejects.toThrow('got 0 values')
    const promised = uploadFp4(device, tensor({ n: 64, k: 128, format: 'fp4' }))
    await expect(matmulFp4(device, new Float32Array(128), promised as never)).rejects.toThrow('got a promise. Await')
    ;(await promised).dispose()
    await expect(attempt(new Float64Array(128) as never)).rejects.toThrow('got Float64Array. Convert it')
    await expect(attempt(new Float32Array(128), 2)).rejects.toThrow(
      '[matmul] expected x of at least 2 rows of k = 128 values, got 128 values.',
    )
  })

  it('says what is wrong with weights', async () => {
    using experts = await uploadFp4(device, tensor({ n: 64, k: 32, format: 'fp4', experts: 2 }))
    await expect(matmulFp4(device, new Float32Array(32), experts)).rejects.toThrow(
      '[recordMatmul] expected weights of one matrix, got 2 experts. Use recordExperts.',
    )
    const disposed = await uploadFp4(device, tensor({ n: 64, k: 32, format: 'fp4' }))
    disposed.dispose()
    await expect(matmulFp4(device, new Float32Array(32), disposed)).rejects.toThrow('disposed')
  })
})

describe('matmul with dense weights', () => {
  it.each(['f32', 'f16', 'bf16'] as const)('%s equals float64 products', async (type) => {
    const [n, k] = [67, 130]
    // Multiples of 1/64 below 1 are exact in every type.
    const values = normal(n * k, 9).map((value) => Math.max(-1, Math.min(1, Math.round(value * 64) / 64)))
    using weights = await uploadDense(device, { n, k, type, values })
    const x = normal(65 * k, 4)
    const expected = product(x, values, 65, n, k)
    for (const m of [1, 8, 9, 65]) {
      const got = await matmul(device, x.subarray(0, m * k), weights)
      expect(nmse(got, expected.subarray(0, m * n)), `M = ${m}`).toBeLessThan(float32Bound)
    }
  })
})

describe('libraryFor', () => {
  it('opens the kernels of a device once', async () => {
    expect(await libraryFor(device)).toBe(await libraryFor(device))
    using other = await createDevice({ backend: 'cpu', threads: 1 })
    expect(await libraryFor(other)).not.toBe(await libraryFor(device))
  })

  it('does not keep a failure', async () => {
    using other = await createDevice({ backend: 'cpu', threads: 1 })
    other.dispose()
    await expect(libraryFor(other)).rejects.toThrow('disposed')
    await expect(libraryFor(other)).rejects.toThrow('disposed')
  })
})
