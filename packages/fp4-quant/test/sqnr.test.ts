/**
 * Signal to quantization noise over 4 M values of N(0, 1) and of Student's t with 4 degrees of freedom, seed 1, against the figures of
 * an independent reference. Those were made with other values of the same distributions, hence the tolerance of 0.1 dB.
 */
import { describe, expect, it } from 'vitest'
import { type Fp4Format, type ScaleRule, dequantize, measureError, quantize } from '../src/index.js'
import { normal, studentT4 } from './random.js'

const n = 2048
const k = 2048

// prettier-ignore
const figures: [Fp4Format, number, ScaleRule, number, number][] = [
  // format, group, rule, dB on N(0, 1), dB on t(4)
  ['mxfp4', 32, 'absmax', 18.79, 17.62],
  ['mxfp4', 32, 'mse', 19.05, 17.87],
  ['nvfp4', 16, 'absmax', 20.43, 20.75],
  ['nvfp4', 16, 'mse', 21.30, 21.39],
  ['fp4', 16, 'absmax', 20.52, 20.90],
  ['fp4', 16, 'mse', 21.63, 21.71],
  ['fp4', 32, 'absmax', 19.90, 19.73],
  ['fp4', 32, 'mse', 20.81, 20.37],
  ['fp4', 64, 'absmax', 19.52, 18.66],
  ['fp4', 64, 'mse', 20.24, 19.17],
  ['fp4', 128, 'absmax', 19.26, 17.58],
  ['fp4', 128, 'mse', 19.84, 18.05],
]

describe.each([
  { distribution: 'N(0, 1)', column: 3 as const, values: normal(n * k, 1) },
  { distribution: 't(4)', column: 4 as const, values: studentT4(n * k, 1) },
])('SQNR on $distribution', ({ column, values }) => {
  const decibels = new Map<string, number>()
  for (const row of figures) {
    const [format, groupSize, scales] = row
    const expected = row[column]
    it(`${format}, group ${groupSize}, ${scales}: ${expected.toFixed(2)} dB`, () => {
      const actual = dequantize(quantize(values, { n, k, format, groupSize, scales }))
      const { sqnrDb } = measureError(values, actual)
      decibels.set(`${format} ${groupSize} ${scales}`, sqnrDb)
      expect(Math.abs(sqnrDb - expected), `measured ${sqnrDb.toFixed(3)} dB`).toBeLessThan(0.1)
    })
  }
  it('mse is better than absmax everywhere', () => {
    for (const [format, groupSize, scales] of figures) {
      if (scales === 'absmax') continue
      const absmax = decibels.get(`${format} ${groupSize} absmax`)
      expect(decibels.get(`${format} ${groupSize} mse`)).toBeGreaterThan(absmax as number)
    }
  })
})
