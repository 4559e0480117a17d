import { quantize } from '@metal-fp4/fp4-quant'
import { type Device, type DeviceBuffer, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Weights,
  libraryFor,
  recordExperts,
  recordMatmul,
  recordMatmulFp4,
  uploadDense,
  uploadFp4,
} from '../src/index.js'
import { float32Bound, nmse, normal, product, swiglu, tensor } from './support.js'

let device: Device
let library: KernelLibrary
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 2 })
  library = await libraryFor(device)
})
afterAll(() => {
  device.dispose()
})

const floats = (data: Float32Array): DeviceBuffer => device.createBuffer({ data })
const zeros = (count: number): DeviceBuffer => device.createBuffer({ byteLength: 4 * count })

describe('recordMatmul', () => {
  it('records products that follow one another, submitted many times', async () => {
    const [n, k] = [96, 64]
    const quantized = tensor({ n, k, format: 'mxfp4' })
    using weights = await uploadFp4(device, quantized)
    using x = floats(normal(k, 1))
    using first = zeros(n)
    using graph = device.createGraph()
    const choice = recordMatmulFp4(graph, library, { m: 1, activations: x, weights, out: first, label: 'up' })
    expect(choice).toMatchObject({ kernel: 'gemv_fp4', order: 'columns64/1' })
    const { dispatches } = await graph.submit({ profile: true }).completed
    expect(dispatches?.map(({ kernel, label }) => [kernel, label])).toEqual([['gemv_fp4', 'up']])
    expect(nmse(first.asFloat32Array(), product(normal(k, 1), quantized, 1, n, k))).toBeLessThan(float32Bound)
    await x.write(normal(k, 2))
    await graph.submit().completed
    expect(nmse(first.asFloat32Array(), product(normal(k, 2), quantized, 1, n, k))).toBeLessThan(float32Bound)
  })

  it.each([1, 20])('adds a residual in place, M = %d', async (m) => {
    const [n, k] = [70, 48]
    const quantized = tensor({ n, k, format: 'fp4', groupSize: 16 })
    using weights = await uploadFp4(device, quantized)
    using x = floats(normal(m * k, 1))
    using hidden = floats(normal(m * n, 5))
    using graph = device.createGraph()
    recordMatmul(graph, library, { m, activations: x, weights, residual: hidden, out: hidden })
    await graph.submit().completed
    const expected = product(normal(m * k, 1), quantized, m, n, k).map((value, i) => value + normal(m * n, 5)[i])
    expect(nmse(hidden.asFloat32Array(), expected)).toBeLessThan(float32Bound)
  })

  it('refuses parts that do not fit one another', async () => {
    using plain = await uploadFp4(device, tensor({ n: 64, k: 64, format: 'fp4' }))
    using stacked = await uploadFp4(device, tensor({ n: 128, k: 64, format: 'fp4', parts: [64, 64] }), { stacks: 2 })
    using buffer = zeros(64)
    using graph = device.createGraph()
    const base = { m: 1, activations: buffer, out: buffer }
    expect(() => recordMatmul(graph, library, { ...base, weights: plain, epilogue: 'swiglu' })).toThrow(
      "[recordMatmul] expected what epilogue 'swiglu' needs, got 1 stacks and no residual. swiglu: two stacks; add: a residual; none: neither.",
    )
    expect(() => recordMatmul(graph, library, { ...base, weights: plain, epilogue: 'add' })).toThrow(
      "what epilogue 'add' needs",
    )
    expect(() => recordMatmul(graph, library, { ...base, weights: stacked, residual: buffer })).toThrow(
      'Add it after the down projection.',
    )
    expect(() => recordMatmul(graph, library, { ...base, m: 2, weights: plain })).toThrow(
      '[gemv_fp4] expected activations of at least 512 bytes (128 of f32), got 256 bytes.',
    )
  })
})

describe('recordExperts', () => {
  const [m, topK, experts, n, k] = [3, 2, 4, 70, 96]
  const ids = Uint32Array.of(2, 0, 1, 3, 2, 1)

  /** gate and up with swiglu, then down, of the experts that ids name: what a layer does between router and sum. */
  async function run(gateUp: Weights, down: Weights): Promise<Float32Array> {
    using x = floats(normal(m * k, 1))
    using chosen = device.createBuffer({ data: ids })
    using inner = zeros(m * topK * n)
    using out = zeros(m * topK * k)
    using graph = device.createGraph()
    recordExperts(graph, library, {
      m,
      topK,
      activations: x,
      ids: chosen,
      weights: gateUp,
      out: inner,
      input: 'shared',
    })
    recordExperts(graph, library, { m, topK, activations: inner, ids: chosen, weights: down, out, input: 'perSlot' })
    await graph.submit().completed
    return out.asFloat32Array().slice()
  }

  function expected(gateUp: Float32Array, down: Float32Array): Float64Array {
    const x = normal(m * k, 1)
    const out = new Float64Array(m * topK * k)
    for (const [slot, expert] of ids.entries()) {
      const row = Math.floor(slot / topK)
      const both = product(x.subarray(row * k, (row + 1) * k), gateUp, 1, 2 * n, k, expert)
      const inner = Float32Array.from(swiglu(both, 1, n))
      out.set(product(inner, down, 1, k, n, expert), slot * k)
    }
    return out
  }

  it.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s: every slot gets its own expert', async (format) => {
    const { dequantize } = await import('@metal-fp4/fp4-quant')
    const gateUp = quantize(normal(experts * 2 * n * k, 3), { n: 2 * n, k, experts, format, parts: [n, n] })
    const down = quantize(normal(experts * n * k, 4), { n: k, k: n, experts, format })
    using gateUpWeights = await uploadFp4(device, gateUp, { stacks: 2 })
    using downWeights = await uploadFp4(device, down)
    const got = await run(gateUpWeights, downWeights)
    expect(nmse(got, expected(dequantize(gateUp), dequantize(down)))).toBeLessThan(float32Bound)
  })

  it('dense experts too', async () => {
    const gateUp = normal(experts * 2 * n * k, 3)
    const down = normal(experts * n * k, 4)
    using gateUpWeights = await uploadDense(device, { n, k, experts, stacks: 2, type: 'f32', values: gateUp })
    using downWeights = await uploadDense(device, { n: k, k: n, experts, type: 'f32', values: down })
    expect(nmse(await run(gateUpWeights, downWeights), expected(gateUp, down))).toBeLessThan(float32Bound)
  })

  it('refuses more slots than experts, and weights in another order', async () => {
    using weights = await uploadFp4(device, tensor({ n: 64, k: 32, format: 'fp4', experts: 2 }))
    using kn = await uploadFp4(device, tensor({ n: 64, k: 32, format: 'fp4' }), { order: 'kn' })
    using buffer = zeros(1024)
    using graph = device.createGraph()
    const base = { m: 1, activations: buffer, ids: buffer, out: buffer, input: 'shared' } as const
    expect(() => {
      recordExperts(graph, library, { ...base, weights, topK: 3 })
    }).toThrow('[recordExperts] expected topK of 1 to the 2 experts of the weights, got 3.')
    expect(() => {
      recordExperts(graph, library, { ...base, weights: kn, topK: 1 })
    }).toThrow("[recordExperts] expected weights in order 'columns64', got kn.")
  })
})
