/**
 * The header of a safetensors file: a length (8 bytes, little-endian), then JSON that gives each tensor's type, shape and
 * range of bytes (https://huggingface.co/docs/safetensors). Files come from strangers: nothing is believed before it is
 * checked, and the ranges have to tile the data without holes or overlaps, as the format's own reader demands.
 */
import { describe, failCheckpoint } from '../errors.js'
import { parseObject } from './json-file.js'

/** The longest header that the format allows. */
export const largestHeaderBytes = 100_000_000

/** Bits of an element, by the format's names. Those below one byte exist in the format; we never read them. */
const elementBits: Readonly<Record<string, number>> = {
  F64: 64, F32: 32, F16: 16, BF16: 16, I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8,
  F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, C64: 64, F6_E2M3: 6, F6_E3M2: 6, F4: 4,
} // prettier-ignore

/** Where a tensor lies. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** Offset of the first byte in the file. */
  readonly offset: number
  readonly byteLength: number
}

/** Bytes of the whole header, its length field included, from the first 8 bytes of the file. */
export function headerEnd(file: string, prefix: Uint8Array, fileBytes: number): number {
  const fix = 'The file is truncated or not a safetensors file: download it again.'
  if (fileBytes < 8 || prefix.length < 8) {
    failCheckpoint({ file, expected: 'at least 8 bytes', got: `${fileBytes}`, fix })
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(largestHeaderBytes)) {
    failCheckpoint({ file, expected: `a header of at most ${largestHeaderBytes} bytes`, got: `${length} bytes`, fix })
  }
  const end = 8 + Number(length)
  if (end > fileBytes) {
    failCheckpoint({ file, expected: `a header of ${length} bytes`, got: `a file of ${fileBytes} bytes`, fix })
  }
  return end
}

/** Parses the header's JSON; `dataOffset` is where it ends, `fileBytes` the size of the file. */
export function parseHeader(
  file: string,
  json: string,
  dataOffset: number,
  fileBytes: number,
): Map<string, TensorEntry> {
  const dataBytes = fileBytes - dataOffset
  const entries = new Map<string, TensorEntry>()
  for (const [name, value] of Object.entries(parseObject(file, json))) {
    if (name !== '__metadata__') entries.set(name, parseEntry(file, name, value, dataOffset, dataBytes))
  }
  checkTiling(file, [...entries.values()], dataOffset, dataBytes)
  return entries
}

function parseEntry(file: string, name: string, value: unknown, dataOffset: number, dataBytes: number): TensorEntry {
  const fail = (expected: string, got: string, fix = 'The file is damaged: download it again.'): never =>
    failCheckpoint({ file, tensor: name, expected, got, fix })
  if (typeof value !== 'object' || value === null) fail('an object with dtype, shape and data_offsets', describe(value))
  const { dtype, shape, data_offsets: range } = value as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBits, dtype)) {
    return fail('a known dtype (F32, F16, BF16, …)', describe(dtype), 'Convert the checkpoint to F32, F16 or BF16.')
  }
  if (!isSizes(shape)) return fail('a shape of non-negative integers', describe(shape))
  if (!isSizes(range) || range.length !== 2) return fail('data_offsets [begin, end]', describe(range))
  const [begin, end] = range as [number, number]
  if (begin > end || end > dataBytes) {
    fail(
      `data_offsets within the ${dataBytes} bytes of data`,
      describe(range),
      'The file is truncated: download it again.',
    )
  }
  const bits = shape.reduce((product, size) => product * size, elementBits[dtype])
  if (!Number.isSafeInteger(bits) || bits !== (end - begin) * 8) {
    fail(
      `${bits / 8} bytes for ${dtype} of ${describe(shape)}`,
      `${end - begin} bytes (data_offsets ${describe(range)})`,
    )
  }
  return { name, dtype, shape, offset: dataOffset + begin, byteLength: end - begin }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
}

function checkTiling(file: string, entries: TensorEntry[], dataOffset: number, dataBytes: number): void {
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  let end = dataOffset
  let previous = 'the header'
  for (const { name, offset, byteLength } of entries) {
    if (offset !== end) {
      const what = offset < end ? 'overlaps' : 'leaves a hole after'
      const fix = 'The file is damaged: download it again.'
      const expected = `data that begins at byte ${end - dataOffset}, where "${previous}" ends`
      failCheckpoint({ file, tensor: name, expected, got: `byte ${offset - dataOffset}, which ${what} it`, fix })
    }
    end = offset + byteLength
    previous = name
  }
  if (end !== dataOffset + dataBytes) {
    const got = `${dataBytes} bytes of data`
    failCheckpoint({
      file,
      expected: `${end - dataOffset} bytes of data, as the header says`,
      got,
      fix: 'Download it again.',
    })
  }
}
