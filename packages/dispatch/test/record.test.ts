import { quantize } from '@metal-fp4/fp4-quant'
import { type Device, type DeviceBuffer, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Precision,
  type Weights,
  libraryFor,
  recordExperts,
  recordMatmul,
  recordMatmulFp4,
  scratchFor,
  scratchForExperts,
  uploadDense,
  uploadFp4,
} from '../src/index.js'
import { bounds, float32Bound, int8Bound, nmse, normal, product, swiglu, tensor } from './support.js'

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
    const choice = recordMatmulFp4(graph, library, {
      m: 1,
      activations: x,
      weights,
      out: first,
      label: 'up',
      precision: 'float32',
    })
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
    recordMatmul(graph, library, { m, activations: x, weights, residual: hidden, out: hidden, precision: 'float32' })
    await graph.submit().completed
    const expected = product(normal(m * k, 1), quantized, m, n, k).map((value, i) => value + normal(m * n, 5)[i])
    expect(nmse(hidden.asFloat32Array(), expected)).toBeLessThan(float32Bound)
  })

  it('records the bytes of activations and the product over the scratch that it is given, in precision int8', async () => {
    const [m, n, k] = [3, 64, 256]
    const quantized = tensor({ n, k, format: 'mxfp4' })
    using weights = await uploadFp4(device, quantized)
    using activations = floats(normal(m * k, 1))
    using out = zeros(m * n)
    const bytes = scratchFor({ m, n, k, format: 'mxfp4' }, { backend: 'cpu', name: '' })
    expect(bytes).toBe(m * (k / 16) * 24)
    using scratch = device.createBuffer({ byteLength: bytes, storage: 'private' })
    using graph = device.createGraph()
    const spec = { m, activations, weights, out, label: 'up' }
    expect(() => recordMatmul(graph, library, spec)).toThrow(
      '[recordMatmul] expected scratch of 1152 bytes, got none for gemv_fp4 in precision int8. Ask scratchFor how much, and pass it.',
    )
    expect(recordMatmul(graph, library, { ...spec, scratch })).toMatchObject({
      precision: 'int8',
      order: 'columns64/int8/1',
    })
    const { dispatches } = await graph.submit({ profile: true }).completed
    expect(dispatches?.map(({ kernel, label }) => [kernel, label])).toEqual([
      ['quantize_rows_int8', 'up, activations'],
      ['gemv_fp4', 'up'],
    ])
    expect(nmse(out.asFloat32Array(), product(normal(m * k, 1), quantized, m, n, k))).toBeLessThan(int8Bound)
  })

  it('refuses parts that do not fit one another', async () => {
    using plain = await uploadFp4(device, tensor({ n: 64, k: 64, format: 'fp4' }))
    using stacked = await uploadFp4(device, tensor({ n: 128, k: 64, format: 'fp4', parts: [64, 64] }), { stacks: 2 })
    using buffer = zeros(64)
    using graph = device.createGraph()
    const base = { m: 1, activations: buffer, out: buffer, precision: 'float32' } as const
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
  async function run(gateUp: Weights, down: Weights, precision?: Precision): Promise<Float32Array> {
    using x = floats(normal(m * k, 1))
    using chosen = device.createBuffer({ data: ids })
    using inner = zeros(m * topK * n)
    using out = zeros(m * topK * k)
    using graph = device.createGraph()
    const shape = { m, topK, ...(precision && { precision }) }
    const first = { ...shape, weights: gateUp, input: 'shared' } as const
    const second = { ...shape, weights: down, input: 'perSlot' } as const
    const bytes = Math.max(scratchForExperts(library, first), scratchForExperts(library, second))
    using memory = bytes > 0 ? device.createBuffer({ byteLength: bytes, storage: 'private' }) : null
    const scratch = memory && { scratch: memory }
    recordExperts(graph, library, { ...first, activations: x, ids: chosen, out: inner, ...scratch })
    recordExperts(graph, library, { ...second, activations: inner, ids: chosen, out, ...scratch })
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
    for (const precision of ['float32', 'int8'] as const) {
      const got = await run(gateUpWeights, downWeights, precision)
      expect(nmse(got, expected(dequantize(gateUp), dequantize(down)))).toBeLessThan(bounds[precision])
    }
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
    expect(() => {
      recordExperts(graph, library, { ...base, weights, topK: 1 })
    }).toThrow('[recordExperts] expected scratch of 48 bytes, got none in precision int8. Ask scratchForExperts')
    using odd = await uploadFp4(device, tensor({ n: 64, k: 96, format: 'fp4', groupSize: 24, experts: 2 }))
    expect(scratchForExperts(library, { ...base, weights: odd, topK: 1 })).toBe(0)
    expect(() => {
      recordExperts(graph, library, { ...base, weights: odd, topK: 1, precision: 'int8' })
    }).toThrow('[recordExperts] expected a CPU and groups in steps of 16 for precision int8, got groups of 24 on cpu.')
  })
})
