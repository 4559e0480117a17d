/**
 * The head of a GGUF file, version 3: key-value pairs, then what each tensor is and where its data begins.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. llama.cpp reads it; nothing else here does.
 */

/** Numbers of ggml's types, of those that the files here hold. */
export const ggmlTypes = { f32: 0, mxfp4: 39, nvfp4: 40 } as const

export type GgmlType = keyof typeof ggmlTypes

/** Values that share a block, and its bytes: MXFP4 has a scale and 16 bytes of codes, NVFP4 four scales and 32. */
export const blocks: Readonly<Record<GgmlType, { readonly values: number; readonly bytes: number }>> = {
  f32: { values: 1, bytes: 4 },
  mxfp4: { values: 32, bytes: 17 },
  nvfp4: { values: 64, bytes: 36 },
}

/** Tensor data begins at, and each tensor is padded to, a multiple of this many bytes: the format's default. */
export const alignment = 32

/** How a number is stored is part of the format: readers refuse a layer count that is a float. */
export type GgufValue =
  | { readonly kind: 'uint32' | 'float32'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'int32s' | 'float32s'; readonly value: readonly number[] }

export interface GgufTensor {
  readonly name: string
  readonly type: GgmlType
  /** The contiguous dimension first: [k, n] for a matrix of n outputs. */
  readonly shape: readonly number[]
}

/** A tensor and where its data lies, counted from the end of the head. */
export interface PlacedTensor extends GgufTensor {
  readonly offset: number
  readonly byteLength: number
}

/** Bytes of a tensor's data. @throws RangeError when a row is no whole number of blocks. */
export function tensorBytes({ name, type, shape }: GgufTensor): number {
  const { values, bytes } = blocks[type]
  if (shape[0] % values !== 0) {
    throw new RangeError(
      `[gguf] expected rows of '${name}' to be a multiple of ${values} values, got ${shape[0]}. Choose another geometry.`,
    )
  }
  return (shape.reduce((product, size) => product * size, 1) / values) * bytes
}

/** Tensors one after the other, each padded to the alignment. */
export function place(tensors: readonly GgufTensor[]): PlacedTensor[] {
  let offset = 0
  return tensors.map((tensor) => {
    const byteLength = tensorBytes(tensor)
    const placed = { ...tensor, offset, byteLength }
    offset += padded(byteLength)
    return placed
  })
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}

/** The head, padded so that the data may follow at once. */
export function encodeHeader(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly PlacedTensor[],
): Uint8Array {
  const pairs = Object.entries(metadata)
  const parts = [ascii('GGUF'), uint32(3), uint64(tensors.length), uint64(pairs.length)]
  for (const [key, value] of pairs) parts.push(text(key), ...encodeValue(value))
  for (const { name, shape, type, offset } of tensors) {
    parts.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(ggmlTypes[type]), uint64(offset))
  }
  const head = Buffer.concat(parts)
  return Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)])
}

/** Numbers of the format's value types. */
const valueTypes = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const

function encodeValue({ kind, value }: GgufValue): Buffer[] {
  const array = (type: number, parts: readonly Buffer[]): Buffer[] => [
    uint32(valueTypes.array),
    uint32(type),
    uint64(parts.length),
    ...parts,
  ]
  switch (kind) {
    case 'uint32':
      return [uint32(valueTypes.uint32), uint32(value)]
    case 'float32':
      return [uint32(valueTypes.float32), float32(value)]
    case 'string':
      return [uint32(valueTypes.string), text(value)]
    case 'strings':
      return array(valueTypes.string, value.map(text))
    case 'int32s':
      return array(valueTypes.int32, value.map(uint32))
    case 'float32s':
      return array(valueTypes.float32, value.map(float32))
  }
}

function ascii(value: string): Buffer {
  return Buffer.from(value, 'latin1')
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([uint64(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}
