import { expect, test } from 'vitest'
import { penalizeLogits } from '../src/manifest/index.js'
import { penalizeLogits as oracle } from '../src/oracles/penalize_logits.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { normal, uniform } from './support/random.js'
import { variantsOf } from './support/variants.js'

function settingsWords(repetition: number, presence = 0, frequency = 0): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(5)
  new Float32Array(words.buffer).set([repetition, presence, frequency])
  return words
}

/** Random logits; about half of the tokens were seen, half of those were made. */
function makeCase(n: number, settings: Uint32Array<ArrayBuffer>, rms = 3) {
  const random = uniform(n)
  const seen = Uint32Array.from({ length: n }, () => (random() < 0.5 ? 0 : Math.ceil(random() * 40)))
  const args = {
    logits: normal(n, n, rms),
    seen,
    made: seen.map((count) => (random() < 0.5 ? 0 : count)),
    settings,
    out: new Float32Array(n).fill(NaN),
  }
  return { problem: { n }, args }
}

describeTargets(penalizeLogits, (target) => {
  const shapes = target === 'metal' ? [1, 255, 1024, 1025, 2100] : [1, 15, 4096, 4097, 151936]
  test.each(shapes)('%i logits', async (n) => {
    for (const rms of [0.001, 3, 3000]) {
      const spec = makeCase(n, settingsWords(1.3, 0.4, 0.25), rms)
      const { out } = oracle(spec.problem, {}, spec.args)
      await call(penalizeLogits, spec, target)
      // Each operation rounds to half a unit of the larger of what it adds.
      const { logits, made } = spec.args
      const wrong = out.findIndex((expected, i) => {
        const size = 1.3 * Math.abs(logits[i]) + (made[i] > 0 ? 0.4 + 0.25 * made[i] : 0)
        return !(Math.abs(spec.args.out[i] - expected) <= size * 2 ** -22)
      })
      expect(wrong).toBe(-1)
    }
  })

  test('by hand: the sign decides, presence counts once, frequency each time', async () => {
    const args = {
      logits: Float32Array.of(2, -2, 2, -2, 2, 0, -Infinity),
      seen: Uint32Array.of(0, 0, 1, 7, 3, 1, 1),
      made: Uint32Array.of(0, 0, 0, 1, 3, 0, 2),
      settings: settingsWords(2, 0.5, 0.25),
      out: new Float32Array(7),
    }
    await call(penalizeLogits, { problem: { n: 7 }, args }, target)
    expect(Array.from(args.out)).toEqual([2, -2, 1, -4.75, -0.25, 0, -Infinity])
  })

  test('penalties that are off change no bit, and out may be logits', async () => {
    const spec = makeCase(777, settingsWords(1))
    await call(penalizeLogits, spec, target)
    expectSameBits(spec.args.out, spec.args.logits)
    const apart = makeCase(777, settingsWords(1.7, -1, 0.1))
    await call(penalizeLogits, apart, target)
    const within = makeCase(777, settingsWords(1.7, -1, 0.1))
    const args = { ...within.args, out: within.args.logits }
    await call(penalizeLogits, { problem: within.problem, args }, target)
    expectSameBits(args.out, apart.args.out)
  })

  test('the same bits on every instruction set', async () => {
    const first = makeCase(5000, settingsWords(1.1, 0.3, 0.7))
    await call(penalizeLogits, first, 'best')
    for (const isa of variantsOf(target)) {
      const again = makeCase(5000, settingsWords(1.1, 0.3, 0.7))
      await call(penalizeLogits, again, isa)
      expectSameBits(again.args.out, first.args.out)
    }
  })

  test.each([
    [settingsWords(0), 'repetition is not a normal number above 0'],
    [settingsWords(-1), 'repetition is not a normal number above 0'],
    [settingsWords(NaN), 'repetition is not a normal number above 0'],
    [settingsWords(Infinity), 'repetition is not a normal number above 0'],
    [settingsWords(1e-40), 'repetition is not a normal number above 0'],
    [settingsWords(1, NaN), 'presence is not a finite number'],
    [settingsWords(1, 0, -Infinity), 'frequency is not a finite number'],
  ])('settings that make no sense fail: %s', async (settings, reason) => {
    const spec = makeCase(3, settings)
    expect(() => oracle(spec.problem, {}, spec.args)).toThrow(reason)
    await expect(call(penalizeLogits, spec, target)).rejects.toThrow(`[penalize_logits] ${reason}`)
  })
})
