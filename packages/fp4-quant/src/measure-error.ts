/** How far one set of values is from another. */
import { fail } from './errors.js'
import { type WeightValues, countValues, toFloat32Array } from './weight-values.js'

export interface ErrorMeasure {
  /** Root of the mean squared difference, in the unit of the values. */
  readonly rmse: number
  /** Signal to quantization noise in dB: 10 log10(sum expected^2 / sum difference^2). Infinity when nothing differs. */
  readonly sqnrDb: number
  /** The largest magnitude of a difference, in the unit of the values. */
  readonly maxAbsoluteError: number
  /** Cosine of the angle between the two, -1..1. Two zero vectors have 1, a zero and a nonzero vector 0. */
  readonly cosine: number
}

/**
 * Compares `actual` with `expected`, element by element, in float64.
 * @throws QuantizationError when lengths differ or are 0, or when a value is not finite (it names the index).
 */
export function measureError(expected: WeightValues, actual: WeightValues): ErrorMeasure {
  const op = 'measureError'
  const length = countValues(expected, op)
  const actualLength = countValues(actual, op)
  if (length === 0) fail(op, 'at least one value', 'none', 'Check the shapes.')
  if (length !== actualLength) fail(op, `${length} values to compare`, `${actualLength}`, 'Both need the same shape.')
  const e = toFloat32Array(expected)
  const a = toFloat32Array(actual)
  let noise = 0
  let signal = 0
  let actualSquares = 0
  let product = 0
  let largest = 0
  for (let i = 0; i < length; i++) {
    const difference = a[i] - e[i]
    const magnitude = Math.abs(difference)
    if (magnitude > largest) largest = magnitude
    noise += difference * difference
    signal += e[i] * e[i]
    actualSquares += a[i] * a[i]
    product += e[i] * a[i]
  }
  if (!Number.isFinite(signal + actualSquares)) failNotFinite(e, a)
  return {
    rmse: Math.sqrt(noise / length),
    sqnrDb: noise === 0 ? Infinity : 10 * Math.log10(signal / noise),
    maxAbsoluteError: largest,
    cosine: cosineOf(product, signal, actualSquares),
  }
}

function cosineOf(product: number, signal: number, actualSquares: number): number {
  if (signal === 0 && actualSquares === 0) return 1
  if (signal === 0 || actualSquares === 0) return 0
  return Math.max(-1, Math.min(1, product / Math.sqrt(signal * actualSquares)))
}

function failNotFinite(expected: Float32Array, actual: Float32Array): never {
  const index = expected.findIndex((value, i) => !Number.isFinite(value) || !Number.isFinite(actual[i]))
  return fail(
    'measureError',
    'finite values',
    `expected ${expected[index]} and actual ${actual[index]} at index ${index}`,
    'Find where it comes from: an error of such values has no meaning.',
  )
}
