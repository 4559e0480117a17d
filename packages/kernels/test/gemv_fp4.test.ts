import { describe, expect, test } from 'vitest'
import { gemvFp4 } from '../src/manifest/index.js'
import { maxError, nmse } from '../src/oracles/compare.js'
import { dequantizeColumn } from '../src/oracles/columns64.js'
import { gemvFp4 as oracle } from '../src/oracles/gemv_fp4.js'
import { dot } from '../src/oracles/matmul.js'
import { type Target, affordable, call, deep, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type WeightOptions, activationKinds, activations, packedWeights } from './support/matmul.js'
import { normal } from './support/random.js'

interface Case extends WeightOptions {
  readonly m: number
  readonly epilogue?: 'none' | 'add' | 'swiglu'
  readonly kind?: (typeof activationKinds)[number]
}

function makeCase({ m, epilogue = 'none', kind = 'rms 1', ...options }: Case) {
  const weights = packedWeights({ ...options, stacks: epilogue === 'swiglu' ? 2 : 1 })
  const { n, k, groupSize, format, codes, scales, columnScales } = weights
  const residual = epilogue === 'add' ? normal(m * n, 5) : null
  return {
    problem: { m, n, k, groupSize },
    constants: { format, epilogue },
    args: { activations: activations(kind, m, k), codes, scales, columnScales, residual },
  }
}

type Spec = ReturnType<typeof makeCase>
type Rows = 'one' | 'two' | 'four' | 'eight'

async function run(spec: Spec, target?: Target, rows: Rows = 'eight'): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call(gemvFp4, { ...spec, constants: { ...spec.constants, rows }, args: { ...spec.args, out } }, target)
  return out
}

/** Every way to compute m rows whose bits are to be the same: a CPU's instruction sets, a GPU's kernels for at most so many rows. */
function ways(target: Target, m: number): readonly (readonly [Target, Rows])[] {
  if (target !== 'metal') return (['best', 'avx2', 'plain'] as const).map((isa) => [isa, 'eight'])
  const most = { one: 1, two: 2, four: 4, eight: 8 }
  return (['one', 'two', 'four', 'eight'] as const).filter((rows) => most[rows] >= m).map((rows) => ['metal', rows])
}

/** The first `m` rows of a case without a residual. */
function firstOf(spec: Spec, m: number): Spec {
  const activations = spec.args.activations.slice(0, m * spec.problem.k)
  return { ...spec, problem: { ...spec.problem, m }, args: { ...spec.args, activations } }
}

/** Sums of float32 products, added in float32, of this many terms: rounding errors grow like the square root. */
const tight = 1e-12

const edges: readonly (readonly [string, number, number, number])[] = [
  ['one tile, one group', 1, 64, 128],
  ['fewer columns than a vector', 1, 5, 128],
  ['a ragged last tile, one column', 1, 65, 256],
  ['a ragged last vector', 2, 100, 128],
  ['a ragged last group', 3, 64, 200],
  ['a ragged last word', 4, 64, 133],
  ['less than a word', 5, 64, 3],
  ['one value of K more than a word', 6, 17, 9],
  ['ragged everywhere', 7, 131, 301],
  ['the most rows', 8, 192, 384],
]

describeTargets(gemvFp4, (target) => {
  describe.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s', (format) => {
    test.each(edges)('%s (m %i, n %i, k %i) meets the oracle', async (_, m, n, k) => {
      const spec = makeCase({ m, n, k, format })
      const out = await run(spec, target)
      const expected = oracle(spec.problem, spec.constants, spec.args).out
      expect(nmse(out, expected)).toBeLessThan(tight)
      expect(maxError(out, expected)).toBeLessThan(1e-5)
    })

    test.each(activationKinds)('activations: %s', async (kind) => {
      for (const m of [1, 4]) {
        const spec = makeCase({ m, n: 80, k: 520, format, kind })
        const expected = oracle(spec.problem, spec.constants, spec.args).out
        expect(nmse(await run(spec, target), expected)).toBeLessThan(tight)
      }
    })

    test('epilogues add and swiglu, at one row and at eight', async () => {
      for (const epilogue of ['add', 'swiglu'] as const) {
        for (const m of [1, 8]) {
          const spec = makeCase({ m, n: 72, k: 260, format, epilogue })
          const expected = oracle(spec.problem, spec.constants, spec.args).out
          expect(nmse(await run(spec, target), expected)).toBeLessThan(tight)
        }
      }
    })

    test('row i of an m-row call has the bits of a call with that row alone, in every way', async () => {
      const shapes = [
        [64, 256],
        [90, 333],
      ] as const
      for (const [n, k] of affordable(target, shapes, ([n]) => n, 64)) {
        const eight = makeCase({ m: 8, n, k, format, kind: 'one channel 1000 times the rest' })
        const single: number[] = []
        for (let row = 0; row < 8; row++) {
          const activations = eight.args.activations.slice(row * k, (row + 1) * k)
          const one = { ...eight, problem: { ...eight.problem, m: 1 }, args: { ...eight.args, activations } }
          single.push(...(await run(one, target)))
        }
        const expected = Float32Array.from(single)
        for (const m of target === 'metal' && !deep ? [1, 2, 3, 8] : [1, 2, 3, 4, 5, 6, 7, 8]) {
          for (const [way, rows] of ways(target, m)) {
            expectSameBits(await run(firstOf(eight, m), way, rows), expected.slice(0, m * n))
          }
        }
      }
    })
  })

  test.each([16, 32, 48, 64, 128, 384, 1000])('fp4 with groups of %i, both rules', async (groupSize) => {
    for (const scales of ['absmax', 'mse'] as const) {
      const spec = makeCase({ m: 2, n: 70, k: 384, format: 'fp4', groupSize, scales })
      expect(nmse(await run(spec, target), oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(tight)
    }
  })

  test('one group of a K that is no multiple of 8', async () => {
    const spec = makeCase({ m: 1, n: 64, k: 100, format: 'fp4', groupSize: 100 })
    expect(spec.problem.groupSize).toBe(100)
    expect(nmse(await run(spec, target), oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(tight)
  })

  test('integers that float32 holds come out exactly', async () => {
    const spec = makeCase({ m: 3, n: 64, k: 256, format: 'fp4' })
    spec.args.activations.set(spec.args.activations.map((_, i) => (i % 7) - 3))
    spec.args.scales.fill(0x4000) // 2: sums of multiples of 1 below 2^24
    const expected = Float32Array.from(oracle(spec.problem, spec.constants, spec.args).out)
    expectSameBits(await run(spec, target), expected)
  })

  test('nvfp4 parts with different global scales: columns of each part use its own', async () => {
    const spec = makeCase({ m: 2, n: 160, k: 256, format: 'nvfp4', parts: [96, 32, 32] })
    const distinct = new Set(spec.args.columnScales?.subarray(0, 160))
    expect(distinct.size).toBe(3)
    expect(nmse(await run(spec, target), oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(tight)
  })

  test('every E4M3 and E8M0 scale, subnormals and NaN included, as the oracle decodes it', async () => {
    for (const [format, groupSize] of [
      ['nvfp4', 16],
      ['mxfp4', 32],
    ] as const) {
      const spec = makeCase({ m: 1, n: 256, k: groupSize, format })
      spec.args.scales.set(Array.from({ length: 256 }, (_, i) => i))
      spec.args.codes.fill(0x22222222) // 1
      spec.args.activations.fill(0)[0] = 1
      spec.args.columnScales?.fill(1)
      const expected = Float32Array.from(oracle(spec.problem, spec.constants, spec.args).out)
      for (const [way, rows] of ways(target, 1)) expect(await run(spec, way, rows)).toEqual(expected)
    }
  })

  test('the residual may be the output', async () => {
    const spec = makeCase({ m: 3, n: 100, k: 128, format: 'mxfp4', epilogue: 'add' })
    const out = Float32Array.from(spec.args.residual ?? [])
    await call(gemvFp4, { ...spec, args: { ...spec.args, residual: out, out } }, target)
    expectSameBits(out, await run(spec, target))
  })

  test('infinite and NaN activations reach only their own row', async () => {
    const spec = makeCase({ m: 3, n: 64, k: 128, format: 'fp4' })
    const before = await run(spec, target)
    spec.args.activations.fill(NaN, 0, 128)
    spec.args.activations.fill(Infinity, 256, 384)
    const after = await run(spec, target)
    expectSameBits(after.slice(64, 128), before.slice(64, 128))
    expect(after.slice(0, 64).every(Number.isNaN)).toBe(true)
  })
})

test('4096x4096 M = 1 finite output', async () => {
  const spec = makeCase({ m: 1, n: 4096, k: 4096, format: 'fp4', groupSize: 128 })
  const out = await run(spec)
  expect(out.every(Number.isFinite)).toBe(true)
  const sample = Array.from({ length: 64 }, (_, i) => (i * 977) % 4096)
  const weights = { ...spec.problem, ...spec.args, format: 'fp4' as const }
  const expected = sample.map((column) => dot(spec.args.activations, 0, dequantizeColumn(weights, 0, column)))
  const got = sample.map((column) => out[column])
  expect(nmse(got, expected)).toBeLessThan(tight)
})
