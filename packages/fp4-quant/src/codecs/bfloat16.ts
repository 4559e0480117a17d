/** bfloat16: the upper half of a float32 (sign, 8 bits of exponent, 7 bits of mantissa). */
import { checkCode, describe, fail, isTypedArray } from '../errors.js'
import { decodeMagnitude, encodeMagnitude, isNegative } from './minifloat.js'

/** The largest finite bfloat16, about 3.39e38 (0x7f7f). */
export const bfloat16Max: number = (2 - 2 ** -7) * 2 ** 127

/**
 * The bits of the nearest bfloat16, ties to even. Finite values beyond the largest saturate to it (IEEE arithmetic would give
 * an infinity); ±Infinity stays infinite; NaN gives 0x7fc0; the sign of zero is kept.
 */
export function floatToBfloat16(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0
  const magnitude = Math.abs(x)
  const code = magnitude === Infinity ? 0x7f80 : encodeMagnitude(magnitude, 7, -126, bfloat16Max, 0x7f7f)
  return code | (isNegative(x) ? 0x8000 : 0)
}

/**
 * The value of bfloat16 bits in 0..65535, exact.
 * @throws QuantizationError for any other number.
 */
export function bfloat16ToFloat(bits: number): number {
  const magnitude = checkCode('bfloat16ToFloat', bits, 0xffff) & 0x7fff
  if (magnitude > 0x7f80) return NaN
  const value = magnitude === 0x7f80 ? Infinity : decodeMagnitude(magnitude, 7, -126)
  return bits & 0x8000 ? -value : value
}

/**
 * bfloat16 bits to float32, exact; element by element bfloat16ToFloat.
 * @throws QuantizationError unless given a Uint16Array.
 */
export function bfloat16ToFloat32Array(bits: Uint16Array): Float32Array {
  if (!isTypedArray(bits, 'Uint16Array')) {
    fail('bfloat16ToFloat32Array', 'a Uint16Array of bfloat16 bits', describe(bits), 'Wrap the bytes in a Uint16Array.')
  }
  const out = new Float32Array(bits.length)
  const outBits = new Uint32Array(out.buffer)
  for (let i = 0; i < out.length; i++) outBits[i] = bits[i] << 16
  return out
}

/**
 * Float32 to bfloat16 bits; element by element floatToBfloat16.
 * @throws QuantizationError unless given a Float32Array.
 */
export function float32ToBfloat16Array(values: Float32Array): Uint16Array {
  if (!isTypedArray(values, 'Float32Array')) {
    fail('float32ToBfloat16Array', 'a Float32Array', describe(values), 'Convert with Float32Array.from.')
  }
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = floatToBfloat16(values[i])
  return out
}
