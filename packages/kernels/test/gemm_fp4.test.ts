import { describe, expect, test } from 'vitest'
import { gemmFp4, gemvFp4 } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemmFp4 as oracle } from '../src/oracles/gemm_fp4.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type WeightOptions, activations, packedWeights } from './support/matmul.js'
import { normal } from './support/random.js'

interface Case extends WeightOptions {
  readonly m: number
  readonly epilogue?: 'none' | 'add' | 'swiglu'
}

function makeCase({ m, epilogue = 'none', ...options }: Case) {
  const weights = packedWeights({ ...options, stacks: epilogue === 'swiglu' ? 2 : 1 })
  const { n, k, groupSize, format, codes, scales, columnScales } = weights
  const residual = epilogue === 'add' ? normal(m * n, 5) : null
  return {
    problem: { m, n, k, groupSize },
    constants: { format, epilogue },
    args: { activations: activations('rms 1', m, k), codes, scales, columnScales, residual },
  }
}

type Spec = ReturnType<typeof makeCase>

async function run(spec: Spec, tile: 'rows8' | 'panel', isa?: Isa): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call(gemmFp4, { ...spec, constants: { ...spec.constants, tile }, args: { ...spec.args, out } }, isa)
  return out
}

/** The same rows through gemv_fp4, eight at a time. */
async function byGemv(spec: Spec): Promise<Float32Array> {
  const { m, n, k } = spec.problem
  const result = new Float32Array(m * n)
  for (let row = 0; row < m; row += 8) {
    const rows = Math.min(8, m - row)
    const out = new Float32Array(rows * n)
    await call(gemvFp4, {
      problem: { ...spec.problem, m: rows },
      constants: spec.constants,
      args: {
        ...spec.args,
        activations: spec.args.activations.slice(row * k, (row + rows) * k),
        residual: spec.args.residual?.slice(row * n, (row + rows) * n) ?? null,
        out,
      },
    })
    result.set(out, row * n)
  }
  return result
}

describe.each(['rows8', 'panel'] as const)('%s', (tile) => {
  test.each([1, 2, 8, 9, 64, 65, 131])('m = %i meets the oracle and has the bits of gemv_fp4', async (m) => {
    for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) {
      const spec = makeCase({ m, n: 70, k: 200, format })
      const out = await run(spec, tile)
      expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
      expectSameBits(out, await byGemv(spec))
    }
  })

  test.each([
    ['groups longer than a panel', 300, 600],
    ['groups that straddle panels', 48, 333],
    ['one group', 640, 640],
    ['less than a word', 16, 5],
  ])('%s', async (_, groupSize, k) => {
    const spec = makeCase({ m: 10, n: 64, k, format: 'fp4', groupSize: groupSize === 300 ? 304 : groupSize })
    const out = await run(spec, tile)
    expectSameBits(out, await byGemv(spec))
    expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
  })

  test('epilogues, and every instruction set', async () => {
    for (const epilogue of ['add', 'swiglu'] as const) {
      const spec = makeCase({ m: 13, n: 80, k: 264, format: 'nvfp4', epilogue })
      const out = await run(spec, tile)
      expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
      expectSameBits(out, await byGemv(spec))
      for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(spec, tile, isa), out)
    }
  })
})
