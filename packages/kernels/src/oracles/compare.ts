/** How far a kernel's result is from its oracle's. NaN where either holds one that the other does not. */

/** The normalized mean squared error: sum of (got - expected)^2 over sum of expected^2; 0 when both are 0. */
export function nmse(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  checkLengths(got, expected)
  let error = 0
  let power = 0
  for (let i = 0; i < expected.length; i++) {
    error += (got[i] - expected[i]) ** 2
    power += expected[i] ** 2
  }
  return error === 0 ? 0 : error / power
}

/** The largest of |got - expected| / max(1, |expected|): absolute for small values, relative for large ones. */
export function maxError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  checkLengths(got, expected)
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(got[i] - expected[i]) / Math.max(1, Math.abs(expected[i]))
    if (Number.isNaN(error)) return NaN
    largest = Math.max(largest, error)
  }
  return largest
}

/** The largest |got - expected|, relative to the larger of |expected| and the root mean square of all that is expected. */
export function worstError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  checkLengths(got, expected)
  let squares = 0
  for (let i = 0; i < expected.length; i++) squares += expected[i] ** 2
  const rms = Math.sqrt(squares / expected.length)
  let worst = 0
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i] - expected[i]) / Math.max(Math.abs(expected[i]), rms)
    if (Number.isNaN(error)) return NaN
    worst = Math.max(worst, error)
  }
  return worst
}

function checkLengths(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (got.length === expected.length) return
  throw new RangeError(`[compare] expected ${expected.length} values, got ${got.length}. Compare arrays of one shape.`)
}
