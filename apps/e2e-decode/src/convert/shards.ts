/** Safetensors files whose tensors are known before they are made: where each will be, and the headers. */

export interface ShardTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly elementBytes: number
}

export interface Shard {
  readonly file: string
  /** Length field and JSON. */
  readonly header: Uint8Array
  /** Of the whole file. */
  readonly byteLength: number
  /** Where in the file a tensor begins. */
  readonly offsets: ReadonlyMap<string, number>
}

/** What Hugging Face and mlx-lm hold to as well. */
const largestShard = 5 * 2 ** 30

/** Tensors in their order, cut into files of at most `most` bytes (a larger tensor has one for itself). */
export function layOutShards(tensors: readonly ShardTensor[], most: number = largestShard): Shard[] {
  const groups: ShardTensor[][] = [[]]
  let size = 0
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor)
    if (size > 0 && size + bytes > most) {
      groups.push([])
      size = 0
    }
    groups[groups.length - 1].push(tensor)
    size += bytes
  }
  const number = (i: number): string => String(i).padStart(5, '0')
  return groups.map((group, i) =>
    layOut(
      group,
      groups.length === 1 ? 'model.safetensors' : `model-${number(i + 1)}-of-${number(groups.length)}.safetensors`,
    ),
  )
}

function layOut(tensors: readonly ShardTensor[], file: string): Shard {
  const entries: Record<string, unknown> = { __metadata__: { format: 'mlx' } }
  let end = 0
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor
    entries[name] = { dtype, shape, data_offsets: [end, end + bytesOf(tensor)] }
    end += bytesOf(tensor)
  }
  const json = Buffer.from(JSON.stringify(entries))
  // Padded with spaces, so that the data begin at a multiple of 8.
  const length = Math.ceil(json.length / 8) * 8
  const header = Buffer.alloc(8 + length, ' ')
  header.writeBigUInt64LE(BigInt(length))
  json.copy(header, 8)
  let offset = header.length
  const offsets = new Map<string, number>()
  for (const tensor of tensors) {
    offsets.set(tensor.name, offset)
    offset += bytesOf(tensor)
  }
  return { file, header, byteLength: offset, offsets }
}

function bytesOf({ shape, elementBytes }: ShardTensor): number {
  return shape.reduce((product, size) => product * size, elementBytes)
}
