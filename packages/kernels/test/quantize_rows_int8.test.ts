import { describe, expect, test } from 'vitest'
import { dequantizeRows, quantizeRows } from '../src/oracles/int8_rows.js'
import { nmse } from '../src/oracles/compare.js'
import { bytesOf } from './support/int8.js'
import { activationKinds, activations } from './support/matmul.js'

const isas = ['best', 'avx512', 'avx2', 'plain'] as const

/** The bits of the oracle, on every instruction set; values that are not finite have a NaN of any bits for a step. */
async function expectBitsOfOracle(values: Float32Array, m: number, k: number): Promise<void> {
  const expected = quantizeRows(values, m, k)
  for (const isa of isas) expect(await bytesOf(values, m, k, isa)).toEqual(expected)
}

describe('rows as bytes', () => {
  test.each([
    ['one value', 1, 1],
    ['less than a word', 2, 7],
    ['less than a block', 3, 13],
    ['one block', 1, 16],
    ['a ragged last block', 2, 133],
    ['one part', 2, 4096],
    ['a ragged last part', 2, 4113],
  ])('%s (m %i, k %i) have the bits of the oracle', async (_, m, k) => {
    for (const kind of activationKinds) await expectBitsOfOracle(activations(kind, m, k), m, k)
  })

  test.each(activationKinds)('what they stand for is close: %s', async (kind) => {
    const values = activations(kind, 3, 1000)
    expect(nmse(dequantizeRows(await bytesOf(values, 3, 1000), 3, 1000), values)).toBeLessThan(3e-5)
  })

  test('ties go to the even byte, absmax is 127, and zeros stay zeros', async () => {
    const values = new Float32Array(48)
    values.set([127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127, 126.5, -126.5, 0, -0, 3, 4, 5, 6])
    await expectBitsOfOracle(values, 1, 48)
    const rows = dequantizeRows(await bytesOf(values, 1, 48), 1, 48)
    expect(Array.from(rows.slice(0, 10))).toEqual([127, 0, 2, 2, 0, -2, -2, -127, 126, -126])
    expect(rows.slice(16).every((value) => value === 0)).toBe(true)
  })

  test('the smallest and the largest numbers', async () => {
    for (const scale of [1e-45, 1e-43, 1e-38, 3e38]) {
      await expectBitsOfOracle(
        Float32Array.from({ length: 32 }, (_, i) => (scale * (i - 16)) / 16),
        1,
        32,
      )
    }
  })

  test.each([NaN, Infinity, -Infinity])('%f anywhere makes the step of its block NaN, and of no other', async (bad) => {
    const values = activations('rms 1', 1, 64)
    values[37] = bad
    for (const isa of isas) {
      const rows = dequantizeRows(await bytesOf(values, 1, 64, isa), 1, 64)
      for (const [i, value] of rows.entries()) expect(Number.isNaN(value)).toBe(i >= 32 && i < 48)
    }
  })
})
