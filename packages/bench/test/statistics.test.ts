import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BenchError, summarize } from '../src/index.js'

describe('summarize', () => {
  it('gives the statistics of samples worked out by hand', () => {
    // Sorted: 1 2 3 4 10. Quartiles 2 and 4; deviations -3 -2 -1 0 6 from the mean 4: variance 50 / 4.
    expect(summarize([10, 2, 4, 1, 3])).toEqual({
      median: 3,
      min: 1,
      max: 10,
      mean: 4,
      standardDeviation: Math.sqrt(12.5),
      relativeSpread: 2 / 3,
    })
  })

  it('takes the middle of an even number, and one sample alone', () => {
    expect(summarize([4, 1, 2, 3]).median).toBe(2.5)
    expect(summarize([7])).toEqual({ median: 7, min: 7, max: 7, mean: 7, standardDeviation: 0, relativeSpread: 0 })
  })

  it('does not depend on the order, nor change its input', () => {
    const sample = fc.double({ min: 1e-3, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), (samples) => {
        const before = [...samples]
        const { median, min, max } = summarize(samples)
        expect(samples).toEqual(before)
        expect(min <= median && median <= max).toBe(true)
        expect(summarize([...samples].reverse()).median).toBe(median)
      }),
    )
  })

  it.each([[[]], [[1, 0]], [[1, -2]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])('refuses %j', (samples) => {
    expect(() => summarize(samples)).toThrow(BenchError)
    expect(() => summarize(samples)).toThrow(/^\[summarize\] expected positive finite samples, got /)
  })
})
