/** Safetensors files and sets of shards, opened once and read a tensor at a time. */
import { describe } from '../errors.js'
import { mergePackedMetadata, metadataKey } from '../pack/metadata.js'
import type { WeightValues } from '../weight-values.js'
import {
  type SafetensorsHeader, type TensorEntry, fault, parseSafetensorsHeader, safetensorsHeaderBytes,
} from './header.js' // prettier-ignore
import { JsonFault, parseStrictJson } from './json.js'
import type { ByteSource } from './source.js'

/** A file, or the shards of one, whose header has been checked. */
export interface SafetensorsFile {
  /** The name of the file (or of the index). */
  readonly name: string
  /** By name, in the order of the data. */
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
  /** The bytes of a tensor. @throws SafetensorsError when there is no such tensor, or it cannot be read. */
  read(name: string): Promise<Uint8Array>
  /** The values of an F32, F16 or BF16 tensor. @throws SafetensorsError for another dtype. */
  readValues(name: string): Promise<WeightValues>
  /** The bytes of a tensor in pieces of at most `chunkBytes` (default 16 MiB). */
  chunks(name: string, chunkBytes?: number): AsyncIterable<Uint8Array>
}

/**
 * Opens a file and checks its header; nothing else is read.
 * @throws SafetensorsError naming file, tensor, what was expected and what came.
 */
export async function openSafetensors(
  source: ByteSource,
  options: { signal?: AbortSignal } = {},
): Promise<SafetensorsFile> {
  options.signal?.throwIfAborted()
  const header = await readHeader(source)
  options.signal?.throwIfAborted()
  return makeFile(source.name ?? 'file', header.entries, () => source, header.metadata)
}

/**
 * Opens the shards that a `model.safetensors.index.json` lists, each once; `open` is called with a file's name without a path.
 * @throws SafetensorsError when the index or a shard is not what it should be.
 */
export async function openShardedSafetensors(
  index: string,
  open: (file: string) => Promise<ByteSource>,
  name = 'model.safetensors.index.json',
): Promise<SafetensorsFile> {
  const entries = new Map<string, TensorEntry>()
  const sources = new Map<string, ByteSource>()
  const shards = new Map<string, { source: ByteSource; header: SafetensorsHeader }>()
  const metadata = Object.create(null) as Record<string, string>
  const packed: string[] = []
  for (const [tensor, shard] of parseWeightMap(index, name)) {
    let opened = shards.get(shard)
    if (opened === undefined) {
      const source = await open(shard)
      opened = { source, header: await readHeader(source) }
      shards.set(shard, opened)
      Object.assign(metadata, opened.header.metadata)
      if (metadataKey in opened.header.metadata) packed.push(opened.header.metadata[metadataKey])
    }
    const entry = opened.header.entries.get(tensor)
    if (entry === undefined) {
      const got = 'a file without it'
      fault({ file: shard, tensor, expected: `the tensor, as ${name} says`, got, fix: 'Download it again.' })
    } else {
      entries.set(tensor, entry)
      sources.set(tensor, opened.source)
    }
  }
  // Each shard describes its own packed tensors; of other keys the last shard's text stays.
  if (packed.length > 1) metadata[metadataKey] = mergePackedMetadata(packed, name)
  return makeFile(name, entries, (tensor) => sources.get(tensor)!, metadata)
}

interface Located {
  readonly source: ByteSource
  readonly entry: TensorEntry
}

async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const { name: file = 'file', byteLength } = source
  if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
    fault({ file, expected: 'byteLength of the source', got: describe(byteLength), fix: 'Pass the size of the file.' })
  }
  const prefix = await readExactly(source, 0, Math.min(8, byteLength))
  const length = safetensorsHeaderBytes(prefix, byteLength, file)
  return parseSafetensorsHeader(await readExactly(source, 0, length), byteLength, file)
}

function makeFile(
  name: string,
  entries: ReadonlyMap<string, TensorEntry>,
  sourceOf: (name: string) => ByteSource,
  metadata: Readonly<Record<string, string>>,
): SafetensorsFile {
  const find = (tensor: string): Located => {
    const entry = entries.get(tensor)
    if (entry !== undefined) return { source: sourceOf(tensor), entry }
    const fix = 'entries lists the tensors that are there.'
    return fault({ file: name, tensor, expected: 'a tensor of the file', got: 'no such tensor', fix })
  }
  const read = async (tensor: string): Promise<Uint8Array> => {
    const { source, entry } = find(tensor)
    return readExactly(source, entry.offset, entry.byteLength, tensor)
  }
  return {
    name,
    entries,
    metadata,
    read,
    readValues: async (tensor) => {
      const { source, entry } = find(tensor)
      const { dtype } = entry
      if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
        const fix = 'Convert the tensor to one of these.'
        const file = source.name ?? name
        return fault({ file, tensor, expected: 'dtype F32, F16 or BF16', got: describe(dtype), fix })
      }
      const bytes = aligned(await read(tensor))
      if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      const bits = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
      return { type: dtype === 'F16' ? 'half' : 'bfloat16', bits }
    },
    chunks: async function* (tensor, chunkBytes = 16 * 2 ** 20) {
      const { source, entry } = find(tensor)
      for (let done = 0; done < entry.byteLength; done += chunkBytes) {
        const length = Math.min(chunkBytes, entry.byteLength - done)
        yield await readExactly(source, entry.offset + done, length, tensor)
      }
    },
  }
}

/** Reads, and checks that what was asked for came. */
async function readExactly(source: ByteSource, offset: number, length: number, tensor?: string): Promise<Uint8Array> {
  const bytes = length === 0 ? new Uint8Array(0) : await source.read(offset, length)
  if (bytes.length === length) return bytes
  const file = source.name ?? 'file'
  const fix = 'The file changed while it was read, or is truncated.'
  return fault({ file, tensor, expected: `${length} bytes at ${offset}`, got: `${bytes.length}`, fix })
}

/** Bytes that a Float32Array may view. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
}

function parseWeightMap(index: string, file: string): [string, string][] {
  let value: unknown
  try {
    value = parseStrictJson(index, 8)
  } catch (error) {
    const got = error instanceof JsonFault ? error.message : String(error)
    return fault({ file, expected: 'valid JSON', got, fix: 'Download it again.' })
  }
  const map = (value as { weight_map?: unknown } | null | undefined)?.weight_map
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    fault({ file, expected: 'an object "weight_map"', got: describe(map), fix: 'Download it again.' })
  }
  return Object.entries(map as Record<string, unknown>).map(([tensor, shard]) => {
    // A name with a path in it could point anywhere on the machine.
    if (typeof shard === 'string' && /^[^/\\]+\.safetensors$/.test(shard)) return [tensor, shard]
    const expected = 'the name of a .safetensors file in the same folder'
    return fault({ file, tensor, expected, got: describe(shard), fix: 'Use the index that the checkpoint came with.' })
  })
}
