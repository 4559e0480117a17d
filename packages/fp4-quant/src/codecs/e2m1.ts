/**
 * E2M1 (FP4): bit 3 is the sign, bits 2..1 the exponent (bias 1), bit 0 the mantissa. No infinity, no NaN.
 * OCP Microscaling Formats (MX) v1.0, section 5.3.3.
 */
import { checkCode, fail } from '../errors.js'
import { encodeMagnitude, isNegative } from './minifloat.js'

/** The eight magnitudes, by the low three bits of a code. */
export const e2m1Magnitudes: readonly number[] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

/** The largest magnitude, 6. */
export const e2m1Max = 6

/**
 * The nearest code (0..15), ties to the even code. Beyond ±6 and at ±Infinity it saturates to ±6; the sign is kept, so
 * -0 and small negative values give 8.
 * @throws QuantizationError for NaN, which E2M1 cannot hold.
 */
export function encodeE2M1(x: number): number {
  if (Number.isNaN(x)) fail('encodeE2M1', 'a number', 'NaN', 'E2M1 has no NaN: clean the values first.')
  return encodeMagnitude(Math.abs(x), 1, 0, e2m1Max, 7) | (isNegative(x) ? 8 : 0)
}

/**
 * The value of a code in 0..15; code 8 is -0.
 * @throws QuantizationError for any other code.
 */
export function decodeE2M1(code: number): number {
  const magnitude = e2m1Magnitudes[checkCode('decodeE2M1', code, 15) & 7]
  return code & 8 ? -magnitude : magnitude
}
