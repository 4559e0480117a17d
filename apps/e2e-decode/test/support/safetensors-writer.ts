/** Writes safetensors files, right ones and (by `header`) wrong ones. */
import { writeFileSync } from 'node:fs'
import { float32ToBfloat16Array, float32ToHalfArray } from '@metal-fp4/fp4-quant'

export type Dtype = 'F32' | 'F16' | 'BF16'

export interface TensorInput {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly values: Float32Array
}

export interface HeaderEntry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

export function writeSafetensors(path: string, tensors: Readonly<Record<string, TensorInput>>): void {
  const { header, data } = layOut(tensors)
  writeFileSync(path, fileBytes(JSON.stringify(header), data))
}

/** Header and data of a file, before they are joined. */
export function layOut(tensors: Readonly<Record<string, TensorInput>>): {
  header: Record<string, HeaderEntry>
  data: Uint8Array
} {
  const header: Record<string, HeaderEntry> = {}
  const pieces: Uint8Array[] = []
  let end = 0
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const bytes = encode(dtype, values)
    header[name] = { dtype, shape: [...shape], data_offsets: [end, end + bytes.length] }
    end += bytes.length
    pieces.push(bytes)
  }
  return { header, data: Buffer.concat(pieces) }
}

/** A file with this text as its header; `length` overrides the length that it states. */
export function fileBytes(header: string, data: Uint8Array, length?: bigint): Uint8Array {
  const text = Buffer.from(header)
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(length ?? BigInt(text.length))
  return Buffer.concat([prefix, text, data])
}

function encode(dtype: Dtype, values: Float32Array): Uint8Array {
  const array = dtype === 'F32' ? values : dtype === 'F16' ? float32ToHalfArray(values) : float32ToBfloat16Array(values)
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
