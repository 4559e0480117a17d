import { expect, test } from 'vitest'
import { philox4x32 } from '../src/oracles/philox.js'
import type { SampleSettings } from '../src/oracles/sample_token.js'
import { sampleToken } from '../src/manifest/index.js'
import { describeTargets } from './support/call.js'
import { sample } from './support/sample.js'

test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const)('Philox4x32-10: the known answers of Random123 (kat_vectors), counter %j', (counter, key, expected) => {
  expect(philox4x32(counter, key)).toEqual(Uint32Array.from(expected))
})

describeTargets(sampleToken, (target) => {
  test('the random number is word 0 for the position and the seed: equal logits give its leading bits', async () => {
    for (const [position, seedLow, seedHigh] of [
      [0, 0, 0],
      [5, 0xffffffff, 0],
      [1000, 7, 0xdeadbeef],
    ] as const) {
      const { tokens } = await sample(new Float32Array(65536), 1, { seedLow, seedHigh }, position, target)
      expect(tokens[0]).toBe(philox4x32([position, 0, 0, 0], [seedLow, seedHigh])[0] >>> 16)
    }
    expect((await sample(new Float32Array(65536), 1, { seedLow: 0, seedHigh: 0 }, 0, target)).tokens[0]).toBe(0x6627)
  })

  test('a number on the border between two tokens gives the upper one', async () => {
    const position = 156072
    expect(philox4x32([position, 0, 0, 0], [1, 2])[0]).toBe(0xb2e10000)
    expect((await sample(new Float32Array(65536), 1, {}, position, target)).tokens[0]).toBe(0xb2e1)
  })
})

/** Draws `count` tokens at different positions and compares their frequencies with probabilities by a chi-square test. */
async function chiSquare(
  logits: readonly number[],
  probabilities: readonly number[],
  changes: Partial<SampleSettings>,
) {
  const count = 20000
  const repeated = Float32Array.from({ length: count * logits.length }, (_, i) => logits[i % logits.length])
  const { tokens } = await sample(repeated, count, changes)
  const seen = probabilities.map((_, token) => tokens.filter((t) => t === token).length)
  let statistic = 0
  for (const [token, p] of probabilities.entries()) {
    if (p === 0) expect(seen[token]).toBe(0)
    else statistic += (seen[token] - count * p) ** 2 / (count * p)
  }
  return statistic
}

// Quantiles of chi-square at 0.999 with 7, 2 and 3 degrees of freedom; seeds are fixed, so each test always ends the same way.
test('frequencies follow softmax(logits / temperature)', async () => {
  const logits = [0, 1, -1, 2, 0.5, -2, 1.5, 0]
  const exponentials = logits.map((x) => Math.exp(x / 0.7))
  const total = exponentials.reduce((a, b) => a + b)
  const probabilities = exponentials.map((x) => x / total)
  expect(await chiSquare(logits, probabilities, { temperature: 0.7 })).toBeLessThan(24.32)
  // The test can fail: the distribution of another temperature is told apart.
  expect(await chiSquare(logits, probabilities, { temperature: 0.75 })).toBeGreaterThan(24.32)
})

test('frequencies of what topK and topP keep are those of its own softmax', async () => {
  const logits = [0.1, 0.2, 0.3, 0.15, 0.25].map(Math.log)
  expect(await chiSquare(logits, [0, 0.2 / 0.75, 0.3 / 0.75, 0, 0.25 / 0.75], { topK: 3 })).toBeLessThan(13.82)
  // 0.3 + 0.25 + 0.2 + 0.15 = 0.9 is the first to reach 0.8.
  expect(await chiSquare(logits, [0, 2 / 9, 3 / 9, 1.5 / 9, 2.5 / 9], { topP: 0.8 })).toBeLessThan(16.27)
  // Of the three that topK keeps, 0.3 and 0.25 reach 0.7 of their 0.75.
  expect(await chiSquare(logits, [0, 0, 6 / 11, 0, 5 / 11], { topK: 3, topP: 0.7 })).toBeLessThan(10.83)
})
