/** The values to be quantized: float32, or the bits of halves or bfloat16. */
import { bfloat16ToFloat32Array } from './codecs/bfloat16.js'
import { halfTable, halfToFloat32Array } from './codecs/half.js'
import { describe, fail, isTypedArray } from './errors.js'

/** Row-major values: a Float32Array, or half or bfloat16 bits as a checkpoint stores them. */
export type WeightValues = Float32Array | { readonly type: 'half' | 'bfloat16'; readonly bits: Uint16Array }

/** Rows of equal length, one readable at a time, as float32 values and as their bits. */
export interface Rows {
  readonly floats: Float32Array
  readonly bits: Int32Array
  /** Makes a row readable and returns the index of its first value in `floats` and `bits`. */
  seek(row: number): number
}

/** How many values there are. @throws QuantizationError when `values` is no WeightValues. */
export function countValues(values: WeightValues, op: string): number {
  if (isTypedArray(values, 'Float32Array')) return (values as Float32Array).length
  const { type, bits } = Object(values) as { type?: unknown; bits?: unknown }
  if ((type === 'half' || type === 'bfloat16') && isTypedArray(bits, 'Uint16Array')) return (bits as Uint16Array).length
  return fail(
    op,
    "a Float32Array or { type: 'half' | 'bfloat16', bits: Uint16Array }",
    type === undefined ? describe(values) : `{ type: ${describe(type)}, bits: ${describe(bits)} }`,
    'Convert the values to one of these first.',
  )
}

/** The values as float32, exact; a Float32Array is returned as it is. */
export function toFloat32Array(values: WeightValues): Float32Array {
  countValues(values, 'toFloat32Array')
  if (!('type' in values)) return values
  return values.type === 'half' ? halfToFloat32Array(values.bits) : bfloat16ToFloat32Array(values.bits)
}

/** Values `start .. end - 1` of checked values as float32: a view of a Float32Array, else converted. */
export function sliceToFloat32(values: WeightValues, start: number, end: number): Float32Array {
  if (!('type' in values)) return values.subarray(start, end)
  return toFloat32Array({ type: values.type, bits: values.bits.subarray(start, end) })
}

/** Opens checked values as rows of `length`: float32 in place, the others through a buffer of one row. */
export function openRows(values: WeightValues, length: number): Rows {
  if (!('type' in values)) {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
    return { floats: values, bits, seek: (row) => row * length }
  }
  const floats = new Float32Array(length)
  const bits = new Int32Array(floats.buffer)
  const source = values.bits
  if (values.type === 'bfloat16') {
    const seek = (row: number): number => {
      const start = row * length
      for (let i = 0; i < length; i++) bits[i] = source[start + i] << 16
      return 0
    }
    return { floats, bits, seek }
  }
  const table = halfTable()
  const seek = (row: number): number => {
    const start = row * length
    for (let i = 0; i < length; i++) floats[i] = table[source[start + i]]
    return 0
  }
  return { floats, bits, seek }
}
