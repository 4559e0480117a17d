import { describe, expect, test } from 'vitest'
import { gemmFp4, gemvFp4 } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemmFp4 as oracle } from '../src/oracles/gemm_fp4.js'
import { type Target, affordable, call, describeTargets } from './support/call.js'
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

async function run(spec: Spec, tile: 'rows8' | 'panel', target?: Target): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call(gemmFp4, { ...spec, constants: { ...spec.constants, tile }, args: { ...spec.args, out } }, target)
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

/** On a CPU, gemm_fp4 keeps the order of operations of gemv_fp4. */
async function expectBitsOfGemv(target: Target, spec: Spec, out: Float32Array): Promise<void> {
  if (target !== 'metal') expectSameBits(out, await byGemv(spec))
}

describeTargets(gemmFp4, (target) => {
  describe.each(['rows8', 'panel'] as const)('%s', (tile) => {
    const counts = affordable(target, [1, 2, 8, 9, 17, 64, 65, 131], (m) => m, 70)
    test.each(counts)('m = %i meets the oracle and has the bits of gemv_fp4', async (m) => {
      for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) {
        const spec = makeCase({ m, n: 70, k: 200, format })
        const out = await run(spec, tile, target)
        expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
        await expectBitsOfGemv(target, spec, out)
      }
    })

    test.each([
      ['groups longer than a panel', 304, 600],
      ['groups that straddle panels', 48, 333],
      ['groups of one step', 32, 100],
      ['one group', 640, 640],
      ['less than a word', 16, 5],
    ])('%s', async (_, groupSize, k) => {
      const spec = makeCase({ m: 10, n: 64, k, format: 'fp4', groupSize })
      const out = await run(spec, tile, target)
      await expectBitsOfGemv(target, spec, out)
      expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
    })

    test('epilogues, and every instruction set', async () => {
      for (const epilogue of ['add', 'swiglu'] as const) {
        const spec = makeCase({ m: 13, n: 80, k: 264, format: 'nvfp4', epilogue })
        const out = await run(spec, tile, target)
        expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
        await expectBitsOfGemv(target, spec, out)
        if (target === 'metal') continue
        for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(spec, tile, isa), out)
      }
    })

    test.each(activationKinds)('activations: %s', async (kind) => {
      const spec = makeCase({ m: 11, n: 66, k: 136, format: 'mxfp4', kind })
      const out = await run(spec, tile, target)
      expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
    })
  })
})
