/** The products with FP4 weights in precision int8, on rows that quantize_rows_int8 made. */
import { describe, expect, test } from 'vitest'
import { gemmFp4, gemvFp4, moeGemvFp4 } from '../src/manifest/index.js'
import { KernelArgumentError } from '../src/errors.js'
import { nmse } from '../src/oracles/compare.js'
import { gemvFp4 as oracle } from '../src/oracles/gemv_fp4.js'
import { moeGemvFp4 as expertsOracle } from '../src/oracles/moe_gemv_fp4.js'
import { resolveKernel } from '../src/manifest/resolve.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { bytesOf } from './support/int8.js'
import { type WeightOptions, activationKinds, activations, packedWeights } from './support/matmul.js'
import { normal } from './support/random.js'

interface Case extends WeightOptions {
  readonly m: number
  readonly epilogue?: 'none' | 'add' | 'swiglu'
  readonly kind?: (typeof activationKinds)[number]
}

async function makeCase({ m, epilogue = 'none', kind = 'rms 1', ...options }: Case) {
  const weights = packedWeights({ ...options, stacks: epilogue === 'swiglu' ? 2 : 1 })
  const { n, k, groupSize, format, codes, scales, columnScales } = weights
  const residual = epilogue === 'add' ? normal(m * n, 5) : null
  const floats = activations(kind, m, k)
  return {
    floats,
    problem: { m, n, k, groupSize },
    constants: { format, epilogue, precision: 'int8' as const },
    args: { activations: await bytesOf(floats, m, k), codes, scales, columnScales, residual },
  }
}

type Spec = Awaited<ReturnType<typeof makeCase>>

const exact = ({ problem, constants, args }: Spec): Float64Array => oracle(problem, constants, args).out

async function run({ problem, constants, args }: Spec, isa: Isa = 'best'): Promise<Float32Array> {
  const out = new Float32Array(problem.m * problem.n).fill(NaN)
  await call(gemvFp4, { problem, constants, args: { ...args, out } }, isa)
  return out
}

async function runTiled(
  { problem, constants, args }: Spec,
  tile: 'rows8' | 'panel',
  isa: Isa = 'best',
): Promise<Float32Array> {
  const out = new Float32Array(problem.m * problem.n).fill(NaN)
  await call(gemmFp4, { problem, constants: { ...constants, tile }, args: { ...args, out } }, isa)
  return out
}

/** Rows first <= row < first + m of a case. */
function someRows(spec: Spec, first: number, m: number): Spec {
  const { n } = spec.problem
  const width = spec.args.activations.length / spec.problem.m
  const residual = spec.args.residual?.slice(first * n, (first + m) * n) ?? null
  const rows = spec.args.activations.slice(first * width, (first + m) * width)
  return { ...spec, problem: { ...spec.problem, m }, args: { ...spec.args, activations: rows, residual } }
}

const isas = ['avx512', 'avx2', 'plain'] as const

/** Against the exact product of the same bytes. */
const tight = 1e-12
/** Against the product of the float32 activations: what layer 2 asks of a matmul. */
const loose = 5e-4

const edges: readonly (readonly [string, number, number, number])[] = [
  ['one tile, one group', 1, 64, 128],
  ['fewer columns than a vector', 1, 5, 128],
  ['a ragged last tile, one column', 1, 65, 256],
  ['a ragged last vector', 2, 100, 128],
  ['a ragged last group', 3, 64, 200],
  ['a ragged last block', 2, 64, 136],
  ['a ragged last word', 4, 64, 133],
  ['less than a word', 5, 64, 3],
  ['one value of K more than a block', 6, 17, 17],
  ['ragged everywhere', 7, 131, 301],
  ['the most rows', 8, 192, 384],
  ['more than one stretch', 5, 64, 1040],
]

describe.each(['fp4', 'mxfp4', 'nvfp4'] as const)('gemv_fp4, %s', (format) => {
  test.each(edges)('%s (m %i, n %i, k %i) meets the oracle, with the same bits everywhere', async (_, m, n, k) => {
    const spec = await makeCase({ m, n, k, format })
    const out = await run(spec)
    expect(nmse(out, exact(spec))).toBeLessThan(tight)
    for (const isa of isas) expectSameBits(await run(spec, isa), out)
  })

  test.each(activationKinds)('activations: %s', async (kind) => {
    for (const m of [1, 4]) {
      const spec = await makeCase({ m, n: 80, k: 520, format, kind })
      const out = await run(spec)
      expect(nmse(out, exact(spec))).toBeLessThan(tight)
      const float32 = { ...spec.args, activations: spec.floats }
      expect(nmse(out, oracle(spec.problem, { format }, float32).out)).toBeLessThan(loose)
    }
  })

  test('epilogues add and swiglu, at one row and at eight', async () => {
    for (const epilogue of ['add', 'swiglu'] as const) {
      for (const m of [1, 8]) {
        const spec = await makeCase({ m, n: 72, k: 260, format, epilogue })
        const out = await run(spec)
        expect(nmse(out, exact(spec))).toBeLessThan(tight)
        for (const isa of isas) expectSameBits(await run(spec, isa), out)
      }
    }
  })

  test('row i of an m-row call has the bits of a call with that row alone', async () => {
    for (const [n, k] of [
      [64, 256],
      [90, 333],
    ] as const) {
      const eight = await makeCase({ m: 8, n, k, format, kind: 'one channel 1000 times the rest' })
      const single: number[] = []
      for (let row = 0; row < 8; row++) single.push(...(await run(someRows(eight, row, 1))))
      const expected = Float32Array.from(single)
      for (let m = 1; m <= 8; m++) expectSameBits(await run(someRows(eight, 0, m)), expected.slice(0, m * n))
    }
  })

  test.each([1, 9, 17, 65])('gemm_fp4 with m = %i has the bits of gemv_fp4, in both tiles', async (m) => {
    const spec = await makeCase({ m, n: 70, k: 200, format, epilogue: 'add' })
    const expected = new Float32Array(m * 70)
    for (let row = 0; row < m; row += 8) expected.set(await run(someRows(spec, row, Math.min(8, m - row))), row * 70)
    for (const tile of ['rows8', 'panel'] as const) expectSameBits(await runTiled(spec, tile), expected)
    for (const isa of isas) expectSameBits(await runTiled(spec, 'panel', isa), expected)
  })
})

test.each([16, 32, 48, 64, 128, 384, 1000])('fp4 with groups of %i', async (groupSize) => {
  const spec = await makeCase({ m: 2, n: 70, k: 384, format: 'fp4', groupSize })
  expect(nmse(await run(spec), exact(spec))).toBeLessThan(tight)
})

test('one group of a K that is no multiple of 8', async () => {
  const spec = await makeCase({ m: 1, n: 64, k: 100, format: 'fp4', groupSize: 100 })
  expect(nmse(await run(spec), exact(spec))).toBeLessThan(tight)
})

test('a block that two groups share is refused: groups of 24', async () => {
  const spec = await makeCase({ m: 1, n: 64, k: 96, format: 'fp4', groupSize: 24 })
  await expect(run(spec)).rejects.toThrow('expected groupSize in steps of 16, or of at least k, for precision int8')
})

test('a GPU refuses precision int8', () => {
  const problem = { m: 1, n: 64, k: 64, groupSize: 64 }
  expect(() => resolveKernel(gemvFp4, problem, { precision: 'int8' }, 'metal')).toThrow(KernelArgumentError)
  expect(() => resolveKernel(gemvFp4, problem, { precision: 'int8' }, 'metal')).toThrow('precision float32')
})

test('NaN scales reach their column, NaN and infinite activations their row, and nothing else', async () => {
  const spec = await makeCase({ m: 3, n: 64, k: 128, format: 'fp4' })
  const before = await run(spec)
  spec.floats[5] = NaN
  spec.floats[128 + 70] = -Infinity
  spec.args.activations.set(await bytesOf(spec.floats, 3, 128))
  spec.args.scales[9] = 0x7e00
  const after = await run(spec)
  expect(after.slice(0, 128).every(Number.isNaN)).toBe(true)
  expect(Number.isNaN(after[128 + 9])).toBe(true)
  after[128 + 9] = before[128 + 9]
  expectSameBits(after.slice(128), before.slice(128))
})

test('every E4M3 and E8M0 scale as the oracle decodes it', async () => {
  for (const [format, groupSize] of [
    ['nvfp4', 16],
    ['mxfp4', 32],
  ] as const) {
    const spec = await makeCase({ m: 1, n: 256, k: groupSize, format })
    spec.args.scales.set(Array.from({ length: 256 }, (_, i) => i))
    spec.args.codes.fill(0x22222222) // 1
    const one = new Float32Array(groupSize)
    one[0] = 127 // a step of 1
    spec.args.activations.set(await bytesOf(one, 1, groupSize))
    spec.args.columnScales?.fill(1)
    expect(await run(spec)).toEqual(Float32Array.from(exact(spec)))
  }
})

describe('moe_gemv_fp4', () => {
  const [m, n, k, experts, topK] = [5, 70, 200, 6, 3] as const

  test.each(['shared', 'perSlot'] as const)(
    '%s input meets the oracle, with the same bits everywhere',
    async (input) => {
      for (const epilogue of ['none', 'swiglu'] as const) {
        for (const format of ['fp4', 'nvfp4'] as const) {
          const weights = packedWeights({ n, k, format, experts, stacks: epilogue === 'swiglu' ? 2 : 1 })
          const { codes, scales, columnScales, groupSize } = weights
          const rows = input === 'shared' ? m : m * topK
          const spec = {
            problem: { m, n, k, groupSize, experts, topK },
            constants: { format, epilogue, input, precision: 'int8' as const },
            args: {
              activations: await bytesOf(normal(rows * k, 3), rows, k),
              ids: Uint32Array.from({ length: m * topK }, (_, i) => (i * 5) % experts),
              codes,
              scales,
              columnScales,
            },
          }
          const results: Float32Array[] = []
          for (const isa of ['best', ...isas] as const) {
            const out = new Float32Array(m * topK * n)
            await call(moeGemvFp4, { ...spec, args: { ...spec.args, out } }, isa)
            results.push(out)
          }
          expect(nmse(results[0], expertsOracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(tight)
          for (const other of results) expectSameBits(other, results[0])
        }
      }
    },
  )
})
