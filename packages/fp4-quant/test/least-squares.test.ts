/** The search against trying every scale on every value. */
import { describe, expect, it } from 'vitest'
import { decodeE4M3, floatToHalf, halfToFloat } from '../src/index.js'
import { leastSquares } from '../src/rules/least-squares.js'
import { normal, studentT4 } from './random.js'
import { magnitudes } from './reference.js'

const midpoints = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5]

function errorOf(values: Float32Array, scale: number): number {
  let sum = 0
  for (const value of values) {
    const x = Math.abs(value)
    let code = 0
    while (code < 7 && x > midpoints[code] * scale) code++
    sum += (x - magnitudes[code] * scale) ** 2
  }
  return sum
}

const lists: Record<string, (wanted: number) => number[]> = {
  'half scales, about evenly spaced': (wanted) =>
    Array.from({ length: 61 }, (_, i) => halfToFloat(floatToHalf(((50 + i) / 100) * wanted))),
  'subnormal half scales, spaced by rounding': (wanted) =>
    [...new Set(Array.from({ length: 61 }, (_, i) => Math.ceil((50 + i) * wanted * 0.3)))].map((steps) => steps / 30),
  'E4M3 scales': () => Array.from({ length: 20 }, (_, i) => decodeE4M3(0x28 + i)),
  'scales that crowd at the end': (wanted) =>
    Array.from({ length: 20 }, (_, i) => wanted * (0.5 + 0.6 * Math.sqrt(i / 19))),
  'three powers of two': (wanted) => [-1, 0, 1].map((step) => 2 ** (Math.floor(Math.log2(wanted)) + step)),
  'one scale': (wanted) => [wanted],
}

describe('leastSquares', () => {
  it.each(Object.keys(lists))('finds the least error of all: %s', (name) => {
    let worst = 0
    for (const [values, groupSize] of [
      [normal(64_000, 21), 16],
      [studentT4(64_000, 22), 128],
    ] as const) {
      for (let start = 0; start < values.length; start += groupSize) {
        const group = values.subarray(start, start + groupSize)
        const squares = group.reduce((sum, x) => sum + x * x, 0)
        const scales = Float64Array.from(lists[name](Math.max(...group.map(Math.abs)) / 6))
        const first = Math.floor(scales.length / 2)
        const best = leastSquares(values, start, start + groupSize, scales, scales.length, first)
        const errors = Array.from(scales, (scale) => errorOf(group, scale))
        worst = Math.max(worst, (errors[best] - Math.min(...errors)) / squares)
      }
    }
    expect(worst).toBeLessThan(1e-11)
  })
  it('keeps the given index when nothing is better', () => {
    const values = Float32Array.of(0.5, -1, 1.5)
    expect(leastSquares(values, 0, 3, Float64Array.of(0.5, 1), 2, 0)).toBe(0)
    expect(leastSquares(values, 0, 3, Float64Array.of(0.5, 1), 2, 1)).toBe(1)
    expect(leastSquares(values, 0, 3, Float64Array.of(0.3, 1), 2, 0)).toBe(1)
  })
})
