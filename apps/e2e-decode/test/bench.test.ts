/** The benchmark suites: that they run and say what they must. How fast it is, no test asserts. */
import { createDevice } from '@metal-fp4/metal-core'
import { expect, it } from 'vitest'
import { type Filter, type Suite, defineSuite, runCli, runSuites } from '@metal-fp4/bench'
import { checkModels, decode, prefill, targets } from '../bench/index.js'
import { isCached } from '../bench/models.js'
import type { Model } from '../src/index.js'

it('decode and prefill give rows with tokens a second, for the default model and a geometry', async () => {
  using device = await createDevice({ backend: 'cpu' })
  const filter = { formats: ['fp4'], m: [1, 9] }
  const { rows, failures } = await runSuites({
    device,
    suites: [decode, prefill],
    filter,
    samples: 1,
    attempts: 1,
    timeMs: 1,
    roofBytes: 1024 * 1024,
  })
  expect(failures).toEqual([])
  expect(rows.map(({ suite, variant, m }) => [suite, variant, m])).toEqual([
    ['decode', 'stories', 1],
    ['decode', 'qwen3-0.6b', 1],
    ['prefill', 'stories', 9],
    ['prefill', 'qwen3-0.6b', 9],
  ])
  for (const row of rows) {
    expect(row.tokensPerSecond).toBeCloseTo((row.m * 1e9) / row.medianNs, 6)
    expect(row).toMatchObject({ format: 'fp4', precision: 'int8', threads: device.info.threads })
    expect(row.bytes).toBeGreaterThan(1e6)
  }
  // A profile says which kernels a step has, and how much of it none of them had.
  for (const { parts, outsideKernelsNs, outsideKernelsPercent } of rows.slice(0, 2)) {
    expect(parts?.map(({ kernel }) => kernel)).toEqual(expect.arrayContaining(['gemv_fp4', 'advance_step']))
    // A busy machine has no say in it.
    expect(outsideKernelsNs ?? 0).toBeGreaterThanOrEqual(0)
    expect(outsideKernelsPercent === undefined).toBe(outsideKernelsNs === undefined)
  }
  // The default model stays in a cache: no share of the memory's roof is claimed for it.
  for (const [stories, geometry] of [rows.slice(0, 2), rows.slice(2)]) {
    expect(stories).toMatchObject({ cached: true, percentOfRoof: null })
    expect(geometry.percentOfRoof).toBeGreaterThan(0)
    expect(geometry).not.toHaveProperty('cached')
  }
  // 0.44 G projection weights and the output matrix at 4.125 bits, norms in float32.
  expect(rows[1].bytes / 1e6).toBeCloseTo(244, -1)
})

it('a model whose tokens a larger cache holds is cached there', () => {
  const model = { describe: () => ({ bytesPerToken: 244e6 }) } as unknown as Model
  expect([undefined, 256, 464, 468, 2048].map((mib) => isCached(model, mib && mib * 2 ** 20))).toEqual([
    false,
    false,
    false,
    true,
    true,
  ])
})

it('the default model has a name like other geometries, and goes without others when it is named', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const options = { device, suites: [decode], samples: 1, attempts: 1, timeMs: 1, roofBytes: 1024 * 1024 }
  const named = { geometries: [{ name: 'stories' }] }
  const { rows, failures } = await runSuites({ ...options, filter: named })
  expect(failures).toEqual([])
  expect(rows.map(({ variant }) => variant)).toEqual(['stories'])
  expect((await runSuites({ ...options, filter: { ...named, formats: ['nvfp4'] } })).rows).toEqual([])
})

it.each<[Filter, string]>([
  [{ geometries: [{ name: 'llama-9' }] }, 'one of qwen3-0.6b, llama-3.2-1b, llama-3-8b'],
  [{ geometries: [{ name: 'llama-3-8b', layers: 99_999 }] }, '99999'],
  [{ geometries: [{ name: 'qwen3-0.6b' }], vocabSize: 0 }, 'vocab'],
  [{ geometries: [{ name: 'stories', layers: 2 }] }, '[--geometry] expected stories alone, got stories:2.'],
])('geometries that are none are refused before anything runs: %j', (filter, message) => {
  expect(() => checkModels(filter)).toThrow(message)
})

it('the targets are the rows that the project is measured by', async () => {
  const asked: [string, number, Filter][] = []
  const listening = (name: string): Suite =>
    defineSuite({
      name,
      summary: '',
      *cases({ filter, threads }) {
        asked.push([name, threads, filter])
        const shape = { kernel: name, format: 'fp4', precision: 'int8', m: 1, n: 8, k: 8, bytes: 1 }
        yield { ...shape, run: () => Promise.resolve({ durationNs: 1 }) }
      },
    })
  const suites = ['gemv', 'gemm', 'experts', 'decode', 'pack'].map(listening)
  const flags = '--preset targets --device cpu --threads 1,2 --samples 1 --attempts 1'.split(' ')
  const quiet = { stdout: () => undefined, stderr: () => undefined, roofBytes: 1024 * 1024 }
  expect(await runCli(suites, flags, { ...quiet, presets: [targets], checkFilter: checkModels })).toBe(0)
  const names = (threads: number): string[] => asked.filter((one) => one[1] === threads).map(([name]) => name)
  // The GEMM of many rows and the packer have a target for one thread.
  expect(names(1)).toEqual(['gemv', 'gemv', 'experts', 'gemm', 'decode', 'pack'])
  expect(names(2)).toEqual(['gemv', 'gemv', 'experts', 'decode'])
  expect(asked[0][2]).toEqual({
    shapes: [{ n: 4096, k: 14336 }],
    m: [1, 2, 4, 8],
    formats: ['fp4', 'mxfp4', 'nvfp4'],
    precisions: ['int8', 'float32'],
  })
  expect(asked[4][2]).toEqual({ geometries: [{ name: 'stories' }] })
})
