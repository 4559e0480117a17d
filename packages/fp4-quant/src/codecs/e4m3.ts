/**
 * E4M3 (FP8, the "FN" kind): sign, 4 bits of exponent (bias 7), 3 bits of mantissa. No infinities; 0x7f and 0xff are NaN,
 * the largest magnitude is 448, the smallest 2^-9. OCP 8-bit Floating Point Specification (OFP8) v1.0.
 */
import { checkCode } from '../errors.js'
import { decodeMagnitude, encodeMagnitude, isNegative } from './minifloat.js'

/** The largest magnitude, 448 (code 0x7e). */
export const e4m3Max = 448

/** The nearest code (0..255), ties to even; beyond ±448 and at ±Infinity it saturates; NaN gives 0x7f; the sign is kept. */
export function encodeE4M3(x: number): number {
  if (Number.isNaN(x)) return 0x7f
  return encodeMagnitude(Math.abs(x), 3, -6, e4m3Max, 0x7e) | (isNegative(x) ? 0x80 : 0)
}

/**
 * The value of a code in 0..255; 0x7f and 0xff are NaN.
 * @throws QuantizationError for any other code.
 */
export function decodeE4M3(code: number): number {
  const magnitude = checkCode('decodeE4M3', code, 0xff) & 0x7f
  if (magnitude === 0x7f) return NaN
  const value = decodeMagnitude(magnitude, 3, -6)
  return code & 0x80 ? -value : value
}
