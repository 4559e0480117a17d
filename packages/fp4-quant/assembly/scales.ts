/** Scale codes and their values: `src/rules/encode-scale.ts` and the codecs again, for numbers that are positive and finite. */

export const FP4: i32 = 0
export const MXFP4: i32 = 1

function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>(i64(exponent + 1023) << 52)
}

/** floor(log2(x)) of a positive normal float64. */
export function exponentOf(x: f64): i32 {
  return i32(reinterpret<i64>(x) >> 52) - 1023
}

/** The nearest code, ties to even, saturating; below the smallest normal number the next one up. */
function encodeScale(scale: f64, mantissaBits: i32, minExponent: i32, maxFinite: f64, maxCode: i32): i32 {
  if (scale < powerOfTwo(minExponent)) return i32(ceil(scale * powerOfTwo(mantissaBits - minExponent)))
  if (scale >= maxFinite) return maxCode
  const exponent = exponentOf(scale)
  return ((exponent - minExponent) << mantissaBits) + i32(nearest(scale * powerOfTwo(mantissaBits - exponent)))
}

export function encodeHalf(scale: f64): i32 {
  return encodeScale(scale, 10, -14, 65504, 0x7bff)
}

export function encodeE4M3(scale: f64): i32 {
  return encodeScale(scale, 3, -6, 448, 0x7e)
}

/** A magnitude from a code with `mantissaBits`: the inverse of encodeScale. */
function decodeScale(code: i32, mantissaBits: i32, minExponent: i32): f64 {
  const field = code >> mantissaBits
  const mantissa = code & ((1 << mantissaBits) - 1)
  const quantum = powerOfTwo(max(field, 1) - 1 + minExponent - mantissaBits)
  return f64(mantissa + (field > 0 ? 1 << mantissaBits : 0)) * quantum
}

/** The value of a scale code of a format. */
export function scaleValue(format: i32, code: i32): f64 {
  if (format === MXFP4) return powerOfTwo(code - 127)
  return format === FP4 ? decodeScale(code, 10, -14) : decodeScale(code, 3, -6)
}
