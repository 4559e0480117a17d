interface Field {
  readonly size: number
  readonly write: (view: DataView, offset: number) => void
}

export const i16 = (value: number): Field => ({ size: 2, write: (view, at) => view.setInt16(at, value, true) })
export const i32 = (value: number): Field => ({ size: 4, write: (view, at) => view.setInt32(at, value, true) })
export const u32 = (value: number): Field => ({ size: 4, write: (view, at) => view.setUint32(at, value, true) })
export const f32 = (value: number): Field => ({ size: 4, write: (view, at) => view.setFloat32(at, value, true) })
export const u64 = (value: number): Field => ({
  size: 8,
  write: (view, at) => view.setBigUint64(at, BigInt(value), true),
})
export const i64 = (value: number): Field => ({
  size: 8,
  write: (view, at) => view.setBigInt64(at, BigInt(value), true),
})
export const bool = (value: boolean): Field => ({ size: 1, write: (view, at) => view.setUint8(at, value ? 1 : 0) })

/** A struct of C: each field at the next multiple of its size, the whole a multiple of the largest. As `setBytes` takes it. */
export const structure = (...fields: readonly Field[]): { bytes: Uint8Array } => {
  const bytes = new Uint8Array(fields.length * 16)
  const view = new DataView(bytes.buffer)
  let offset = 0
  let largest = 1
  for (const { size, write } of fields) {
    offset = Math.ceil(offset / size) * size
    write(view, offset)
    offset += size
    largest = Math.max(largest, size)
  }
  return { bytes: bytes.subarray(0, Math.ceil(offset / largest) * largest) }
}
