import { gemvFp4, gemvFp4Partial } from '@metal-fp4/kernels'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type MatmulProblem,
  explain,
  libraryFor,
  matmulFp4,
  policies,
  recordMatmul,
  scratchFor,
  selectKernel,
  uploadFp4,
} from '../src/index.js'
import { float32Bound, nmse, normal, product, swiglu, tensor } from './support.js'

const cpu = { backend: 'cpu', name: 'any processor' } as const
const metal = { backend: 'metal', name: 'any GPU', gigabytesPerSecond: 400 } as const
const problem: MatmulProblem = { m: 1, n: 4096, k: 4096, format: 'fp4' }
const splitsOf = (changes: Partial<MatmulProblem>): number =>
  selectKernel({ ...problem, ...changes }, metal).combine?.problem.splits ?? 1

describe('how K is split', () => {
  it('follows from N and K: at least 256 threadgroups where K allows', () => {
    expect(splitsOf({})).toBe(4) // 64 tiles
    expect(splitsOf({ n: 14336 })).toBe(2) // 224 tiles
    expect(splitsOf({ n: 16384 })).toBe(1)
    expect(splitsOf({ n: 128256 })).toBe(1)
    expect(splitsOf({ n: 1024, k: 1024 })).toBe(4) // 16 would be 64 values of K each
    expect(splitsOf({ n: 64, k: 65536 })).toBe(32)
    expect(splitsOf({ n: 64, k: 256 })).toBe(1)
  })

  it('counts both stacks of a fused gate and up', () => {
    expect(splitsOf({ epilogue: 'swiglu' })).toBe(2)
    expect(splitsOf({ epilogue: 'swiglu', n: 14336 })).toBe(1)
  })

  it('gives no split without a group of its own', () => {
    expect(splitsOf({ n: 64, k: 4096, groupSize: 4096 })).toBe(1)
    // Ten groups: six splits would be two groups each, the last without any.
    expect(splitsOf({ n: 2816, k: 5120, groupSize: 512 })).toBe(5)
  })

  it('never depends on M, nor on an epilogue that adds', () => {
    for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) {
      for (const n of [64, 1000, 4096, 14336, 40000]) {
        const all = [1, 2, 3, 4, 5, 6, 7, 8].map((m) => splitsOf({ m, n, format }))
        expect(new Set([...all, splitsOf({ n, format, epilogue: 'add' })]).size).toBe(1)
      }
    }
  })

  it('is for GPUs: a CPU has few threads', () => {
    expect(policies.find(({ backend }) => backend === 'cpu')?.split).toBeUndefined()
    expect(selectKernel({ ...problem, precision: 'float32' }, cpu)).toMatchObject({
      kernel: 'gemv_fp4',
      scratchBytes: 0,
    })
  })
})

describe('a product in two dispatches', () => {
  it('names both, the scratch between them, and an order of its own', () => {
    const choice = selectKernel({ ...problem, m: 3, n: 100, epilogue: 'add' }, cpu, { splits: 4 })
    expect(choice).toMatchObject({
      kernel: 'gemv_fp4_partial',
      problem: { m: 3, n: 100, k: 4096, groupSize: 128, splits: 4 },
      constants: { format: 'fp4', parts: 'one', rows: 'four' },
      combine: { problem: { m: 3, n: 100, splits: 4 }, constants: { epilogue: 'add' } },
      order: `${gemvFp4Partial.order} in 4`,
      scratchBytes: 4 * 3 * 128 * 4,
      rule: null,
    })
    expect(choice.order).not.toBe(gemvFp4.order)
    // The weights and activations, the partial sums twice, the residual and the result.
    const whole = selectKernel({ ...problem, m: 3, n: 100, epilogue: 'add', precision: 'float32' }, cpu)
    expect(choice.bytes).toBe(whole.bytes + 2 * choice.scratchBytes)
  })

  it('scratchFor is what it needs, and 0 for one dispatch', () => {
    expect(scratchFor({ ...problem, precision: 'float32' }, cpu)).toBe(0)
    expect(scratchFor(problem, metal)).toBe(4 * 4096 * 4)
    expect(scratchFor({ ...problem, m: 8, epilogue: 'swiglu' }, metal)).toBe(2 * 2 * 8 * 4096 * 4)
    expect(scratchFor({ ...problem, m: 9 }, metal)).toBe(0)
    expect(scratchFor({ ...problem, format: 'bf16' }, metal)).toBe(0)
  })

  it('is explained', () => {
    const { text, splitSource } = explain(problem, metal)
    expect(text).toContain('kernel: gemv_fp4_partial, order ')
    expect(text).toContain(
      'K in 4 splits, then combine_partials, 65.5 kB of scratch between them (default, not swept: no Mac has measured it.',
    )
    expect(splitSource?.kind).toBe('default')
    expect(explain(problem, { ...cpu, gigabytesPerSecond: 40 }, { splits: 2 })).toMatchObject({
      splitSource: null,
      reason: 'asked for by name',
    })
    expect(explain(problem, { ...cpu, gigabytesPerSecond: 40 }, { splits: 2 }).text).toContain(
      'K in 2 splits, then combine_partials',
    )
    expect(explain(problem, metal).alternatives).toContain('gemv_fp4')
  })

  it.each([0, 1.5, -1])('refuses %d splits', (splits) => {
    expect(() => selectKernel(problem, cpu, { splits })).toThrow(
      `[selectKernel] expected splits to be a positive integer, got ${splits}.`,
    )
  })
})

describe('on a device', () => {
  let device: Device
  beforeAll(async () => {
    device = await createDevice({ backend: 'cpu', threads: 2 })
  })
  afterAll(() => {
    device.dispose()
  })

  it('matmulFp4 makes the scratch by itself', async () => {
    for (const format of ['fp4', 'nvfp4'] as const) {
      const [n, k] = [70, 520]
      const quantized = tensor({ n, k, format })
      using weights = await uploadFp4(device, quantized)
      for (const m of [1, 5]) {
        const x = normal(m * k, 3)
        const got = await matmulFp4(device, x, weights, { splits: 3 })
        expect(nmse(got, product(x, quantized, m, n, k))).toBeLessThan(float32Bound)
      }
    }
  })

  it('weights of two stacks give silu(gate) * up', async () => {
    const quantized = tensor({ n: 140, k: 96, format: 'mxfp4', parts: [70, 70] })
    using weights = await uploadFp4(device, quantized, { stacks: 2 })
    const x = normal(2 * 96, 11)
    const expected = swiglu(product(x, quantized, 2, 140, 96), 2, 70)
    expect(nmse(await matmulFp4(device, x, weights, { splits: 2 }), expected)).toBeLessThan(float32Bound)
  })

  it('recordMatmul records both over the scratch that it is given, under one label', async () => {
    const [n, k] = [64, 256]
    const library = await libraryFor(device)
    const quantized = tensor({ n, k, format: 'mxfp4' })
    using weights = await uploadFp4(device, quantized)
    using activations = device.createBuffer({ data: normal(k, 1) })
    using hidden = device.createBuffer({ data: normal(n, 5) })
    using scratch = device.createBuffer({ byteLength: 4 * n * 4, storage: 'private' })
    using graph = device.createGraph()
    const spec = { m: 1, activations, weights, residual: hidden, out: hidden, splits: 4, label: 'down' }
    expect(() => recordMatmul(graph, library, spec)).toThrow(
      '[recordMatmul] expected scratch of 1024 bytes, got none for gemv_fp4_partial in 4 splits. Ask scratchFor how much, and pass it.',
    )
    recordMatmul(graph, library, { ...spec, scratch })
    const { dispatches } = await graph.submit({ profile: true }).completed
    expect(dispatches?.map(({ kernel, label }) => [kernel, label])).toEqual([
      ['gemv_fp4_partial', 'down'],
      ['combine_partials', 'down, combined'],
    ])
    const expected = product(normal(k, 1), quantized, 1, n, k).map((value, i) => value + normal(n, 5)[i])
    expect(nmse(hidden.asFloat32Array(), expected)).toBeLessThan(float32Bound)
  })
})
