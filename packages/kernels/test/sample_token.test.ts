import { expect, test } from 'vitest'
import { sampleToken } from '../src/manifest/index.js'
import { sampleToken as oracle } from '../src/oracles/sample_token.js'
import type { SampleSettings } from '../src/oracles/sample_token.js'
import { normal, uniform } from './support/random.js'
import { type Target, deep, describeTargets } from './support/call.js'
import { defaults, sample, settingsWords } from './support/sample.js'
import { variantsOf } from './support/variants.js'

/**
 * Compares the kernel's tokens with the oracle's, and gives the number of rows that differ: those may be within 2e-6 of the other
 * outcome, where float32 exponentials decide.
 */
async function check(
  target: Target,
  logits: Float32Array,
  m: number,
  changes: Partial<SampleSettings> = {},
  first = 0,
): Promise<number> {
  const { problem, args, tokens } = await sample(logits, m, changes, first, target)
  const expected = oracle(problem, {}, args)
  const differing = Array.from(tokens.keys()).filter((row) => tokens[row] !== expected.tokens[row])
  for (const row of differing) expect(expected.margins[row]).toBeLessThan(2e-6)
  return differing.length
}

describeTargets(sampleToken, (target) => {
  test('random cases agree with the oracle', async () => {
    const random = uniform(9)
    const choose = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]
    const few = target === 'metal' && !deep
    const [rounds, m] = few ? [40, 2] : target === 'metal' ? [150, 4] : [150, 40]
    let rows = 0
    let differing = 0
    for (let i = 0; i < rounds; i++) {
      const n = choose([1, 2, 7, 33, 200, few ? 1100 : 1000])
      const changes = {
        temperature: choose([0, 0.01, 0.5, 1, 1.7, 30]),
        topP: choose([1, 1, 0.999, 0.9, 0.5, 0.05, 1e-6]),
        minP: choose([0, 0, 0.02, 0.3, 1]),
        topK: choose([0, 0, 1, 5, 40, 5000]),
        seedLow: i,
        seedHigh: Math.floor(random() * 2 ** 32),
      }
      const logits = normal(m * n, i, choose([0.1, 3, 30]))
      if (random() < 0.3) for (const [j, logit] of logits.entries()) logits[j] = Math.round(logit) // ties
      if (random() < 0.3) for (const j of logits.keys()) if (random() < 0.5 && j % n > 0) logits[j] = -Infinity // masks
      rows += m
      differing += await check(target, logits, m, changes, i)
    }
    expect(rows).toBe(rounds * m)
    expect(differing).toBeLessThanOrEqual(1)
  })

  test('a large vocabulary, by every filter', async () => {
    const few = target === 'metal' && !deep
    const logits = normal(2 * (few ? 5000 : 151936), 4, 3)
    for (const changes of [{}, { topK: 50 }, { topP: 0.95 }, { topK: 1000, topP: 0.9, minP: 0.01, temperature: 0.8 }]) {
      for (let first = 0; first < (few ? 1 : 3); first++) expect(await check(target, logits, 2, changes, first)).toBe(0)
    }
  })

  test('temperature 0 is argmax, and ties that topK and topP cut go to the lower index', async () => {
    const tied = Float32Array.of(1, 5, 3, 5, 5, -0, 0)
    for (let first = 0; first < (target === 'metal' ? 3 : 20); first++) {
      expect((await sample(tied, 1, { temperature: 0 }, first, target)).tokens[0]).toBe(1)
      expect((await sample(tied, 1, { topK: 1 }, first, target)).tokens[0]).toBe(1)
      expect((await sample(tied, 1, { topP: 1e-9 }, first, target)).tokens[0]).toBe(1)
      expect((await sample(tied, 1, { minP: 1, topK: 2 }, first, target)).tokens[0]).toBeOneOf([1, 3])
      expect(await check(target, tied, 1, { topK: 6, temperature: 100 }, first)).toBe(0)
    }
  })

  test('a tiny temperature, a huge one, and logits as large as float32 can subtract', async () => {
    const extreme = Float32Array.of(-1.7e38, 1.7e38, 0, 1.6e38, -Infinity, 1e-45)
    for (const temperature of [1e-45, 1e-30, 1, 1e30, 3.4e38])
      expect(await check(target, extreme, 1, { temperature })).toBe(0)
  })

  test('a row has the same token in any company and on every instruction set', async () => {
    const n = 1000
    const logits = normal(8 * n, 5, 2)
    const changes = { topK: 200, topP: 0.9, temperature: 1.3 }
    const { tokens } = await sample(logits, 8, changes, 0, target)
    for (const isa of variantsOf(target)) {
      for (const m of target === 'metal' ? [1, 5] : [1, 2, 3, 4, 5, 6, 7, 8]) {
        expect((await sample(logits.slice((8 - m) * n), m, changes, 8 - m, isa)).tokens).toEqual(tokens.slice(8 - m))
      }
    }
  })

  test.each([
    ['temperature', NaN, 'is not a finite number of at least 0'],
    ['temperature', -1, 'is not a finite number of at least 0'],
    ['temperature', Infinity, 'is not a finite number of at least 0'],
    ['topP', 0, 'is not above 0 and at most 1'],
    ['topP', 1.01, 'is not above 0 and at most 1'],
    ['topP', NaN, 'is not above 0 and at most 1'],
    ['minP', -0.1, 'is not from 0 to 1'],
    ['minP', 2, 'is not from 0 to 1'],
    ['minP', NaN, 'is not from 0 to 1'],
  ])('%s %d fails', async (name, value, reason) => {
    const changes = { [name]: value }
    await expect(sample(Float32Array.of(1, 2), 1, changes, 0, target)).rejects.toThrow(reason)
    await expect(sample(Float32Array.of(1, 2), 1, changes, 0, target)).rejects.toThrow(`[sample_token] ${name} `)
    const args = {
      logits: Float32Array.of(1, 2),
      positions: Uint32Array.of(0),
      settings: settingsWords({ ...defaults, ...changes }),
    }
    expect(() => oracle({ m: 1, n: 2 }, {}, args)).toThrow(reason)
  })

  test.each([
    ['NaN', NaN, 'logit 3 at row 1 is NaN'],
    ['+infinity', Infinity, 'logit 3 at row 1 is +infinity'],
  ])('a logit of %s fails, at any temperature', async (_, value, reason) => {
    const logits = normal(20, 3)
    logits[13] = value
    await expect(sample(logits, 2, {}, 0, target)).rejects.toThrow(`[sample_token] ${reason}`)
    await expect(sample(logits, 2, { temperature: 0 }, 0, target)).rejects.toThrow(`[sample_token] ${reason}`)
  })

  test('a row of nothing but -infinity fails', async () => {
    await expect(sample(new Float32Array(9).fill(-Infinity), 1, {}, 0, target)).rejects.toThrow(
      '[sample_token] no logit at row 0 is above -infinity',
    )
  })

  test.runIf(target === 'metal')('the same tokens as the CPU: every weight is the same integer', async () => {
    for (const n of [3, 70, 2000]) {
      const logits = normal(4 * n, n, 4)
      for (const [first, changes] of [{}, { topP: 0.7 }, { topK: 9, minP: 0.1, temperature: 1.9 }].entries()) {
        const { tokens } = await sample(logits, 4, changes, 10 * first, target)
        expect(tokens).toEqual((await sample(logits, 4, changes, 10 * first)).tokens)
      }
    }
  })
})
