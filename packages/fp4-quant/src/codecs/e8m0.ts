/**
 * E8M0: a power of two as its exponent plus 127, no sign, no zero; 0xff is NaN. OCP Microscaling Formats (MX) v1.0,
 * section 5.4.1.
 */
import { checkCode } from '../errors.js'
import { exponentOf, powerOfTwo } from './minifloat.js'

/** Added to the exponent to make the code. */
export const e8m0Bias = 127

/**
 * The code of the nearest power of two (the midpoint between two goes to the even code), saturating: 0 and everything below
 * 2^-127 gives 0, everything beyond 2^127 and Infinity gives 0xfe. NaN and negative numbers give 0xff (NaN).
 */
export function encodeE8M0(x: number): number {
  if (!(x >= 0)) return 0xff
  if (x <= 2 ** -127) return 0
  if (x >= 2 ** 127) return 0xfe
  const exponent = exponentOf(x)
  const code = exponent + e8m0Bias
  const midpoint = 1.5 * powerOfTwo(exponent)
  return x > midpoint || (x === midpoint && code % 2 === 1) ? code + 1 : code
}

/**
 * 2^(code - 127) for a code in 0..254, NaN for 0xff. Code 0 is 2^-127, a subnormal float32.
 * @throws QuantizationError for any other code.
 */
export function decodeE8M0(code: number): number {
  return checkCode('decodeE8M0', code, 0xff) === 0xff ? NaN : powerOfTwo(code - e8m0Bias)
}
