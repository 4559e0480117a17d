import { expect, test } from 'vitest'
import { moeCombine } from '../src/manifest/index.js'
import { moeCombine as oracle } from '../src/oracles/moe_combine.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { normal } from './support/random.js'
import { variantsOf } from './support/variants.js'

function makeCase(residual: 'on' | 'off', m: number, k: number, topK: number, rms = 1) {
  const args = {
    expertOut: normal(m * topK * k, k, rms),
    weights: normal(m * topK, 5),
    residual: residual === 'on' ? normal(m * k, 6, rms) : null,
    out: new Float32Array(m * k).fill(NaN),
  }
  return { problem: { m, k, topK }, constants: { residual }, args }
}

describeTargets(moeCombine, (target) => {
  for (const residual of ['off', 'on'] as const) {
    for (const rms of [0.001, 1, 3000]) {
      test.each([
        ['one expert, one value', 1, 1, 1],
        ['ragged', 3, 77, 2],
        ['8 rows of 8 experts', 8, 512, 8],
      ])(`residual ${residual}, rms ${rms}: %s`, async (_, m, k, topK) => {
        const spec = makeCase(residual, m, k, topK, rms)
        await call(moeCombine, spec, target)
        expect(worstError(spec.args.out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(5e-7)
      })
    }
  }

  test('the output may be the residual, and a row has the same bits in any company', async () => {
    const k = 100
    const all = makeCase('on', 8, k, 2)
    await call(moeCombine, all, target)
    for (let m = 1; m <= 8; m++) {
      for (const isa of variantsOf(target)) {
        const shared = all.args.residual!.slice(0, m * k)
        const problem = { ...all.problem, m }
        await call(moeCombine, { ...all, problem, args: { ...all.args, residual: shared, out: shared } }, isa)
        expectSameBits(shared, all.args.out.subarray(0, m * k))
      }
    }
  })

  test.runIf(target === 'metal')('the bits of the CPU: the order is the same', async () => {
    const spec = makeCase('on', 3, 300, 5)
    await call(moeCombine, spec, target)
    const out = new Float32Array(spec.args.out.length)
    await call(moeCombine, { ...spec, args: { ...spec.args, out } })
    expectSameBits(spec.args.out, out)
  })
})
