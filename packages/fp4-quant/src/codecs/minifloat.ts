/**
 * What E2M1, E4M3, half and bfloat16 share: a magnitude to the nearest code of a small float, ties to the even code, from
 * a float64 in one rounding (through float32 there would be two).
 */

/** Adding and taking away 2^52 rounds a float64 in 0..2^52 to an integer, ties to even. */
const INTEGER = 2 ** 52

const LOWEST_POWER = -160
const powers: Float64Array = Float64Array.from({ length: 321 }, (_, i) => 2 ** (i + LOWEST_POWER))
const view: DataView = new DataView(new ArrayBuffer(8))

/** 2^exponent for -160..160, exact. */
export function powerOfTwo(exponent: number): number {
  return powers[exponent - LOWEST_POWER]
}

/** floor(log2(x)) of a normal positive float64, exact. */
export function exponentOf(x: number): number {
  view.setFloat64(0, x)
  return (view.getUint32(0) >>> 20) - 1023
}

/**
 * The code, without sign, of `magnitude` (0..Infinity, not NaN) in the format with `mantissaBits` and `2^minExponent` as its
 * smallest normal number; finite values beyond `maxFinite` give `maxCode`.
 */
export function encodeMagnitude(
  magnitude: number,
  mantissaBits: number,
  minExponent: number,
  maxFinite: number,
  maxCode: number,
): number {
  if (magnitude >= maxFinite) return maxCode
  const exponent = magnitude < powerOfTwo(minExponent) ? minExponent : exponentOf(magnitude)
  // In units of the last place: at least 2^mantissaBits for a normal number, and that bit is the exponent field's 1.
  const quanta = magnitude * powerOfTwo(mantissaBits - exponent)
  return ((exponent - minExponent) << mantissaBits) + (quanta + INTEGER - INTEGER)
}

/** The magnitude of a finite code (sign bit removed); the inverse of encodeMagnitude. */
export function decodeMagnitude(code: number, mantissaBits: number, minExponent: number): number {
  const field = code >>> mantissaBits
  const mantissa = code & ((1 << mantissaBits) - 1)
  if (field === 0) return mantissa * powerOfTwo(minExponent - mantissaBits)
  return (mantissa + (1 << mantissaBits)) * powerOfTwo(field - 1 + minExponent - mantissaBits)
}

/** True for negative numbers and for -0. */
export function isNegative(x: number): boolean {
  return x < 0 || Object.is(x, -0)
}
