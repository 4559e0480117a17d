/** Safetensors files, written front to back with a tensor in memory at a time. */
import { describe } from '../errors.js'
import { type Dtype, dtypeBits, fault, isDtype, largestHeaderBytes } from './header.js'

/** A tensor for a file. Its data may be made only when the file has got that far. */
export interface TensorToWrite {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Little-endian and row-major; as many bytes as dtype and shape ask for. */
  readonly data: TensorData | (() => TensorData | Promise<TensorData>)
}

export type TensorData = Uint8Array | AsyncIterable<Uint8Array>

/** A file that is about to be written. */
export interface SafetensorsPlan {
  /** The length field and the JSON. */
  readonly header: Uint8Array
  /** Of the whole file. */
  readonly byteLength: number
  /** The tensors in the order of their data. */
  readonly tensors: readonly (TensorToWrite & { readonly byteLength: number })[]
}

/**
 * The bytes of a file, in pieces: the header, then the data of each tensor, which is asked for when its turn comes.
 * @throws SafetensorsError for a wrong name, dtype, shape or metadata, or when a tensor's data has another length than it should.
 */
export async function* writeSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const plan = planSafetensors(tensors, metadata)
  yield plan.header
  yield* writeData(plan)
}

/** The data of a planned file, tensor by tensor. */
export async function* writeData(plan: SafetensorsPlan): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { name, data, byteLength } of plan.tensors) {
    const made = typeof data === 'function' ? await data() : data
    let written = 0
    for await (const piece of made instanceof Uint8Array ? [made] : made) {
      written += piece.length
      if (written > byteLength) break
      if (piece.length > 0) yield piece
    }
    if (written !== byteLength) {
      const fix = 'Pass as many bytes as dtype and shape ask for.'
      fault({ file: 'output', tensor: name, expected: `${byteLength} bytes of data`, got: `${written}`, fix })
    }
  }
}

/**
 * Lays a file out. Every tensor begins at a multiple of its element's size, as PyTorch's reader needs: tensors whose length is a multiple
 * of 8 come first, in the order given, the others after them by the size of their elements.
 */
export function planSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): SafetensorsPlan {
  const sized = Array.from(tensors, (tensor) => ({ ...tensor, byteLength: checkedBytes(tensor) }))
  const rest = sized.filter(({ byteLength }) => byteLength % 8 !== 0)
  rest.sort((a, b) => dtypeBits[b.dtype] - dtypeBits[a.dtype])
  const ordered = [...sized.filter(({ byteLength }) => byteLength % 8 === 0), ...rest]
  const entries = new Map<string, unknown>()
  if (metadata !== undefined) entries.set('__metadata__', checkedMetadata(metadata))
  let end = 0
  for (const { name, dtype, shape, byteLength } of ordered) {
    if (entries.has(name) || name === '__metadata__') {
      fault({ file: 'output', tensor: name, expected: 'names that differ', got: 'it twice', fix: 'Rename one.' })
    }
    entries.set(name, { dtype, shape, data_offsets: [end, end + byteLength] })
    end += byteLength
  }
  // Not through an object: a tensor may be called __proto__.
  const text = `{${[...entries].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`
  const json = new TextEncoder().encode(text)
  const length = Math.ceil(json.length / 8) * 8
  if (length > largestHeaderBytes) {
    const expected = `a header of at most ${largestHeaderBytes} bytes`
    fault({ file: 'output', expected, got: `${length}`, fix: 'Write fewer tensors into a file.' })
  }
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return { header, byteLength: header.length + end, tensors: ordered }
}

function checkedBytes({ name, dtype, shape }: { name: unknown; dtype: unknown; shape: readonly number[] }): number {
  const fail = (expected: string, got: string): never =>
    fault({ file: 'output', tensor: typeof name === 'string' ? name : '?', expected, got, fix: 'Correct the tensor.' })
  if (typeof name !== 'string') fail('a name', describe(name))
  if (!isDtype(dtype)) return fail('a dtype of the format', describe(dtype))
  if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    fail('a shape of non-negative integers', describe(shape))
  }
  const bits = shape.reduce((product, size) => product * size, dtypeBits[dtype])
  if (!Number.isSafeInteger(bits) || bits % 8 !== 0) fail('a whole number of bytes', `${bits} bits`)
  return bits / 8
}

function checkedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue
    const expected = 'strings as metadata'
    fault({ file: 'output', expected, got: `${describe(value)} for ${describe(key)}`, fix: 'Use JSON.stringify.' })
  }
  return { ...metadata }
}
