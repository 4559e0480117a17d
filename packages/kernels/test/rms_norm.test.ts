import { expect, test } from 'vitest'
import { rmsNorm } from '../src/manifest/index.js'
import { rmsNorm as oracle } from '../src/oracles/rms_norm.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { fixture } from './support/fixture.js'
import { normal } from './support/random.js'
import { variantsOf } from './support/variants.js'

function makeCase(m: number, k: number, rms: number) {
  const args = { input: normal(m * k, k, rms), weight: normal(k, 7), out: new Float32Array(m * k).fill(NaN) }
  return { problem: { m, k, epsilon: 1e-6 }, args }
}

describeTargets(rmsNorm, (target) => {
  for (const rms of [0.001, 1, 3000]) {
    test.each([
      ['one value', 1, 1],
      ['below the lanes', 2, 15],
      ['a block of four sums', 1, 64],
      ['ragged', 3, 259],
      ['more than the threads of a threadgroup', 2, 1061],
      ['8 rows', 8, 4096],
    ])(`rms ${rms}: %s`, async (_, m, k) => {
      const spec = makeCase(m, k, rms)
      await call(rmsNorm, spec, target)
      expect(worstError(spec.args.out, oracle(spec.problem, {}, spec.args).out)).toBeLessThan(5e-7)
    })
  }

  test('a channel 1000 times the rest', async () => {
    const spec = makeCase(2, 512, 1)
    spec.args.input[100] = 1000
    await call(rmsNorm, spec, target)
    expect(worstError(spec.args.out, oracle(spec.problem, {}, spec.args).out)).toBeLessThan(5e-7)
  })

  test('the output may be the input', async () => {
    const spec = makeCase(3, 100, 1)
    await call(rmsNorm, spec, target)
    const shared = spec.args.input.slice()
    await call(rmsNorm, { ...spec, args: { ...spec.args, input: shared, out: shared } }, target)
    expectSameBits(shared, spec.args.out)
  })

  test('a row has the same bits in any company and on every instruction set', async () => {
    const k = 1000
    const all = makeCase(8, k, 1)
    await call(rmsNorm, all, target)
    for (let m = 1; m <= 8; m++) {
      for (const isa of variantsOf(target)) {
        const out = new Float32Array(m * k)
        const input = all.args.input.subarray((8 - m) * k)
        await call(rmsNorm, { problem: { m, k, epsilon: 1e-6 }, args: { ...all.args, input, out } }, isa)
        expectSameBits(out, all.args.out.subarray((8 - m) * k))
      }
    }
  })
})

fixture('rmsnorm_f32_8x128', async ({ numbers }) => {
  const [m, k] = [8, 128]
  const out = new Float32Array(m * k).fill(NaN)
  const args = { input: Float32Array.from(numbers('x')), weight: Float32Array.from(numbers('weight')), out }
  await call(rmsNorm, { problem: { m, k, epsilon: 1e-6 }, args })
  expect(worstError(out, numbers('out'))).toBeLessThan(1e-6)
})
