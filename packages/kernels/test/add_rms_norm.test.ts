import { expect, test } from 'vitest'
import { addRmsNorm, rmsNorm } from '../src/manifest/index.js'
import { addRmsNorm as oracle } from '../src/oracles/add_rms_norm.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { normal } from './support/random.js'
import { variantsOf } from './support/variants.js'

function makeCase(m: number, k: number, rms: number) {
  const args = {
    hidden: normal(m * k, k, rms),
    delta: normal(m * k, k + 1, rms),
    weight: normal(k, 7),
    out: new Float32Array(m * k).fill(NaN),
  }
  return { problem: { m, k, epsilon: 1e-5 }, args }
}

describeTargets(addRmsNorm, (target) => {
  for (const rms of [0.001, 1, 3000]) {
    test.each([
      ['one value', 1, 1],
      ['ragged', 3, 259],
      ['8 rows', 8, 1024],
    ])(`rms ${rms}: %s`, async (_, m, k) => {
      const spec = makeCase(m, k, rms)
      const expected = oracle(spec.problem, {}, spec.args)
      await call(addRmsNorm, spec, target)
      expect(worstError(spec.args.out, expected.out)).toBeLessThan(5e-7)
      expectSameBits(spec.args.hidden, Float32Array.from(expected.hidden))
    })
  }

  test('the norm is that of rms_norm, bit for bit, for any number of rows', async () => {
    const k = 515
    const all = makeCase(8, k, 1)
    const before = all.args.hidden.slice()
    await call(addRmsNorm, all, target)
    for (let m = 1; m <= 8; m++) {
      const problem = { m, k, epsilon: 1e-5 }
      const out = new Float32Array(m * k)
      await call(rmsNorm, { problem, args: { input: all.args.hidden, weight: all.args.weight, out } }, target)
      expectSameBits(out, all.args.out.subarray(0, m * k))
      for (const isa of variantsOf(target)) {
        const hidden = before.slice(0, m * k)
        await call(addRmsNorm, { problem, args: { ...all.args, hidden, out: out.fill(0) } }, isa)
        expectSameBits(out, all.args.out.subarray(0, m * k))
        expectSameBits(hidden, all.args.hidden.subarray(0, m * k))
      }
    }
  })
})
