/** A wanted scale to a code of half or E4M3. */
import { encodeMagnitude, powerOfTwo } from '../codecs/minifloat.js'

/**
 * The nearest code, ties to even, saturating, but for tiny scales: below the smallest normal number the rounding goes up. To
 * the nearest there would be off by up to a half and clip the group's largest values, and would take nonzero groups to scale 0;
 * upwards nothing clips and no scale is 0. `scale` is positive and finite.
 */
export function encodeScale(
  scale: number,
  mantissaBits: number,
  minExponent: number,
  maxFinite: number,
  maxCode: number,
): number {
  if (scale < powerOfTwo(minExponent)) return Math.ceil(scale * powerOfTwo(mantissaBits - minExponent))
  return encodeMagnitude(scale, mantissaBits, minExponent, maxFinite, maxCode)
}

/** The factors that rule `mse` tries on absmax / 6: 0.50, 0.51, … 1.10, of which 1 is rule `absmax`. */
export const searchFactors: Float64Array = Float64Array.from({ length: 61 }, (_, i) => (50 + i) / 100)
