import { describe, expect, it } from 'vitest'
import { QuantizationError, float32ToBfloat16Array, float32ToHalfArray, measureError } from '../src/index.js'

const f = (...values: number[]): Float32Array => Float32Array.from(values)

describe('measureError', () => {
  it('is what the formulas say', () => {
    const { rmse, sqnrDb, maxAbsoluteError, cosine } = measureError(f(3, 4, 0, 0), f(3, 3, 0, 2))
    expect(rmse).toBeCloseTo(Math.sqrt(5 / 4), 12)
    expect(sqnrDb).toBeCloseTo(10 * Math.log10(25 / 5), 12)
    expect(maxAbsoluteError).toBe(2)
    expect(cosine).toBeCloseTo(21 / (5 * Math.sqrt(22)), 12)
  })
  it('of equal values is none', () => {
    expect(measureError(f(1, -2), f(1, -2))).toEqual({ rmse: 0, sqnrDb: Infinity, maxAbsoluteError: 0, cosine: 1 })
  })
  it('has defined answers for zero vectors', () => {
    expect(measureError(f(0, 0), f(0, -0))).toEqual({ rmse: 0, sqnrDb: Infinity, maxAbsoluteError: 0, cosine: 1 })
    expect(measureError(f(0, 0), f(1, 1))).toEqual({ rmse: 1, sqnrDb: -Infinity, maxAbsoluteError: 1, cosine: 0 })
    expect(measureError(f(1, 1), f(0, 0))).toEqual({ rmse: 1, sqnrDb: 0, maxAbsoluteError: 1, cosine: 0 })
  })
  it('reads half and bfloat16 bits', () => {
    const values = f(1, -2.5, 0.125)
    const half = { type: 'half', bits: float32ToHalfArray(values) } as const
    const bfloat16 = { type: 'bfloat16', bits: float32ToBfloat16Array(values) } as const
    expect(measureError(values, half).rmse).toBe(0)
    expect(measureError(half, bfloat16).rmse).toBe(0)
  })
  it('does not overflow at the ends of float32', () => {
    const { cosine, sqnrDb } = measureError(f(3.4e38, 1e38), f(3.4e38, -1e38))
    expect(cosine).toBeCloseTo((3.4 ** 2 - 1) / (3.4 ** 2 + 1), 6)
    expect(sqnrDb).toBeCloseTo(10 * Math.log10((3.4 ** 2 + 1) / 4), 5)
  })
  it('refuses what has no error', () => {
    expect(() => measureError(f(1, 2), f(1))).toThrow('[measureError] expected 2 values to compare, got 1.')
    expect(() => measureError(f(), f())).toThrow('[measureError] expected at least one value, got none.')
    expect(() => measureError(f(1, NaN), f(1, 2))).toThrow('got expected NaN and actual 2 at index 1.')
    expect(() => measureError(f(1, 2), f(1, Infinity))).toThrow('got expected 2 and actual Infinity at index 1.')
    expect(() => measureError([1] as unknown as Float32Array, f(1))).toThrow(QuantizationError)
  })
})
