/** IEEE 754 binary16: sign, 5 bits of exponent (bias 15), 10 bits of mantissa. */
import { checkCode, describe, fail, isTypedArray } from '../errors.js'
import { decodeMagnitude, encodeMagnitude, isNegative } from './minifloat.js'

/** The largest finite half, 65504 (0x7bff). */
export const halfMax = 65504

/**
 * The bits of the nearest half, ties to even. Finite values beyond ±65504 saturate to ±65504 (IEEE arithmetic would give an
 * infinity); ±Infinity stays infinite; NaN gives 0x7e00; the sign of zero is kept.
 */
export function floatToHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00
  const magnitude = Math.abs(x)
  const code = magnitude === Infinity ? 0x7c00 : encodeMagnitude(magnitude, 10, -14, halfMax, 0x7bff)
  return code | (isNegative(x) ? 0x8000 : 0)
}

/**
 * The value of half bits in 0..65535, exact.
 * @throws QuantizationError for any other number.
 */
export function halfToFloat(bits: number): number {
  const magnitude = checkCode('halfToFloat', bits, 0xffff) & 0x7fff
  if (magnitude > 0x7c00) return NaN
  const value = magnitude === 0x7c00 ? Infinity : decodeMagnitude(magnitude, 10, -14)
  return bits & 0x8000 ? -value : value
}

let table: Float32Array | undefined

/** The value of every half, by its bits: 256 KB, made when first asked for. */
export function halfTable(): Float32Array {
  return (table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits)))
}

/**
 * Half bits to float32, exact; element by element halfToFloat.
 * @throws QuantizationError unless given a Uint16Array.
 */
export function halfToFloat32Array(bits: Uint16Array): Float32Array {
  if (!isTypedArray(bits, 'Uint16Array')) {
    fail('halfToFloat32Array', 'a Uint16Array of half bits', describe(bits), 'Wrap the bytes in a Uint16Array.')
  }
  const values = halfTable()
  const out = new Float32Array(bits.length)
  for (let i = 0; i < out.length; i++) out[i] = values[bits[i]]
  return out
}

/**
 * Float32 to half bits; element by element floatToHalf.
 * @throws QuantizationError unless given a Float32Array.
 */
export function float32ToHalfArray(values: Float32Array): Uint16Array {
  if (!isTypedArray(values, 'Float32Array')) {
    fail('float32ToHalfArray', 'a Float32Array', describe(values), 'Convert with Float32Array.from.')
  }
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = floatToHalf(values[i])
  return out
}
