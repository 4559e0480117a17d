/** How far one set of values is from another. */
import { fail } from './errors.js'
import { type LongWork, type Steps, runSteps, runStepsAsync } from './long-work.js'
import { type WeightValues, countValues, sliceToFloat32 } from './weight-values.js'

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
 * @throws the signal's reason when aborted.
 */
export function measureError(expected: WeightValues, actual: WeightValues, options?: LongWork): ErrorMeasure {
  return runSteps(measureSteps(expected, actual), options, 'measureError')
}

/** `measureError` that yields to the event loop about every 12 ms. Progress counts values. */
export async function measureErrorAsync(
  expected: WeightValues,
  actual: WeightValues,
  options?: LongWork,
): Promise<ErrorMeasure> {
  return runStepsAsync(measureSteps(expected, actual), options, 'measureErrorAsync')
}

/** Values compared between two looks at the clock. */
const chunkValues = 1 << 16

function* measureSteps(expected: WeightValues, actual: WeightValues): Steps<ErrorMeasure> {
  const op = 'measureError'
  const length = countValues(expected, op)
  const actualLength = countValues(actual, op)
  if (length === 0) fail(op, 'at least one value', 'none', 'Check the shapes.')
  if (length !== actualLength) fail(op, `${length} values to compare`, `${actualLength}`, 'Both need the same shape.')
  const sums = new ErrorSums()
  for (let start = 0; start < length; start += chunkValues) {
    const end = Math.min(start + chunkValues, length)
    sums.add(sliceToFloat32(expected, start, end), sliceToFloat32(actual, start, end))
    yield { done: end, total: length }
  }
  return sums.measure()
}

/** The sums behind an ErrorMeasure, so that a tensor is compared piece by piece. */
export class ErrorSums {
  #count = 0
  #noise = 0
  #signal = 0
  #actualSquares = 0
  #product = 0
  #largest = 0

  /** Adds pieces of equal length. @throws QuantizationError for a value that is not finite, naming its index in the whole. */
  add(expected: Float32Array, actual: Float32Array): void {
    let noise = 0
    let signal = 0
    let actualSquares = 0
    let product = 0
    let largest = this.#largest
    for (let i = 0; i < expected.length; i++) {
      const difference = actual[i] - expected[i]
      const magnitude = Math.abs(difference)
      if (magnitude > largest) largest = magnitude
      noise += difference * difference
      signal += expected[i] * expected[i]
      actualSquares += actual[i] * actual[i]
      product += expected[i] * actual[i]
    }
    if (!Number.isFinite(signal + actualSquares)) failNotFinite(expected, actual, this.#count)
    this.#count += expected.length
    this.#noise += noise
    this.#signal += signal
    this.#actualSquares += actualSquares
    this.#product += product
    this.#largest = largest
  }

  measure(): ErrorMeasure {
    return {
      rmse: Math.sqrt(this.#noise / this.#count),
      sqnrDb: this.#noise === 0 ? Infinity : 10 * Math.log10(this.#signal / this.#noise),
      maxAbsoluteError: this.#largest,
      cosine: cosineOf(this.#product, this.#signal, this.#actualSquares),
    }
  }
}

function cosineOf(product: number, signal: number, actualSquares: number): number {
  if (signal === 0 && actualSquares === 0) return 1
  if (signal === 0 || actualSquares === 0) return 0
  return Math.max(-1, Math.min(1, product / Math.sqrt(signal * actualSquares)))
}

function failNotFinite(expected: Float32Array, actual: Float32Array, first: number): never {
  const index = expected.findIndex((value, i) => !Number.isFinite(value) || !Number.isFinite(actual[i]))
  return fail(
    'measureError',
    'finite values',
    `expected ${expected[index]} and actual ${actual[index]} at index ${first + index}`,
    'Find where it comes from: an error of such values has no meaning.',
  )
}
