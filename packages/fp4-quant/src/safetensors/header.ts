/**
 * The header of a safetensors file: a length (8 bytes, little-endian), then JSON that gives each tensor's type, shape and
 * range of bytes (https://huggingface.co/docs/safetensors). Files come from strangers: nothing is believed before it is
 * checked, and the ranges have to tile the data without holes or overlaps, as the format's own reader demands.
 */
import { SafetensorsError, type SafetensorsFault, describe } from '../errors.js'
import { JsonFault, parseStrictEntries } from './json.js'

/** The longest header that the format allows, in bytes. */
export const largestHeaderBytes = 100_000_000

/** Bits of an element, by the format's names. */
export const dtypeBits = {
  F64: 64, F32: 32, F16: 16, BF16: 16, I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8,
  F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, C64: 64, F6_E2M3: 6, F6_E3M2: 6, F4: 4,
} as const // prettier-ignore

/** Type of a tensor's elements, as the format names it. F4 and F6 are packed without gaps. */
export type Dtype = keyof typeof dtypeBits

/** Where a tensor lies, and what it is. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Offset of the first byte in its file. */
  readonly offset: number
  readonly byteLength: number
}

export interface SafetensorsHeader {
  /** By name, in the order of the data. */
  readonly entries: ReadonlyMap<string, TensorEntry>
  /** The texts of `__metadata__`; an object without a prototype. */
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the data in the file. */
  readonly dataOffset: number
}

/**
 * Bytes of the header, its length field included, from the first 8 bytes of a file of `fileBytes` bytes.
 * @throws SafetensorsError when there is no such header.
 */
export function safetensorsHeaderBytes(prefix: Uint8Array, fileBytes: number, file = 'file'): number {
  const fix = 'The file is truncated or not a safetensors file: download it again.'
  if (fileBytes < 8 || prefix.length < 8) fault({ file, expected: 'at least 8 bytes', got: `${fileBytes}`, fix })
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(largestHeaderBytes)) {
    fault({ file, expected: `a header of at most ${largestHeaderBytes} bytes`, got: `${length} bytes`, fix })
  }
  const end = 8 + Number(length)
  if (end > fileBytes) {
    fault({ file, expected: `a header of ${length} bytes`, got: `a file of ${fileBytes} bytes`, fix })
  }
  return end
}

/**
 * Parses a header (`safetensorsHeaderBytes` bytes of the file, from its start) of a file of `fileBytes` bytes.
 * @throws SafetensorsError naming file, tensor, what was expected and what came.
 */
export function parseSafetensorsHeader(header: Uint8Array, fileBytes: number, file = 'file'): SafetensorsHeader {
  const dataOffset = safetensorsHeaderBytes(header, fileBytes, file)
  if (header.length < dataOffset) {
    const fix = 'Pass the bytes that safetensorsHeaderBytes counts.'
    fault({ file, expected: `${dataOffset} bytes of header`, got: `${header.length}`, fix })
  }
  const tensors = parseObject(header.subarray(8, dataOffset), file)
  const dataBytes = fileBytes - dataOffset
  const entries: TensorEntry[] = []
  let metadata = Object.create(null) as Record<string, string>
  for (const [name, value] of tensors) {
    if (name === '__metadata__') metadata = checkMetadata(file, value)
    else entries.push(parseEntry(file, name, value, dataOffset, dataBytes))
  }
  checkTiling(file, entries, dataOffset, dataBytes)
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata, dataOffset }
}

const damaged = 'The file is damaged: download it again.'

function parseObject(bytes: Uint8Array, file: string): Map<string, unknown> {
  let value: unknown
  try {
    value = parseStrictEntries(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), 8)
  } catch (error) {
    const got = error instanceof JsonFault ? error.message : 'bytes that are not UTF-8'
    return fault({ file, expected: 'valid JSON', got, fix: damaged })
  }
  if (value instanceof Map) return value as Map<string, unknown>
  return fault({ file, expected: 'a JSON object', got: describe(value), fix: damaged })
}

function checkMetadata(file: string, value: unknown): Record<string, string> {
  const bad = { file, tensor: '__metadata__', expected: 'an object of strings', fix: damaged }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fault({ ...bad, got: describe(value) })
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fault({ ...bad, got: `${describe(text)} for ${describe(key)}` })
  }
  return Object.assign(Object.create(null) as Record<string, string>, value)
}

const entryKeys = ['dtype', 'shape', 'data_offsets']

function parseEntry(file: string, name: string, value: unknown, dataOffset: number, dataBytes: number): TensorEntry {
  const fail = (expected: string, got: string, fix = damaged): never =>
    fault({ file, tensor: name, expected, got, fix })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('an object with dtype, shape and data_offsets', describe(value))
  }
  const { dtype, shape, data_offsets: range } = value as Record<string, unknown>
  for (const key in value) {
    if (!entryKeys.includes(key)) fail('only dtype, shape and data_offsets', describe(key))
  }
  if (!isDtype(dtype)) {
    return fail('a known dtype (F32, F16, BF16, …)', describe(dtype), 'Convert the checkpoint to F32, F16 or BF16.')
  }
  if (!isSizes(shape)) return fail('a shape of non-negative integers', describe(shape))
  if (!isSizes(range) || range.length !== 2) return fail('data_offsets [begin, end]', describe(range))
  const [begin, end] = range as [number, number]
  if (begin > end || end > dataBytes) {
    const fix = 'The file is truncated: download it again.'
    fail(`data_offsets within the ${dataBytes} bytes of data`, describe(range), fix)
  }
  const bits = shape.reduce((product, size) => product * size, dtypeBits[dtype])
  if (!Number.isSafeInteger(bits) || bits !== (end - begin) * 8) {
    const got = `${end - begin} bytes (data_offsets ${describe(range)})`
    fail(`${bits / 8} bytes for ${dtype} of ${describe(shape)}`, got)
  }
  return { name, dtype, shape, offset: dataOffset + begin, byteLength: end - begin }
}

/** True for the name of a dtype of the format. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(dtypeBits, name)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
}

/** Sorts the entries by their data, which must begin where the header ends and leave nothing out. */
function checkTiling(file: string, entries: TensorEntry[], dataOffset: number, dataBytes: number): void {
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  let end = dataOffset
  let previous = 'the header'
  for (const { name, offset, byteLength } of entries) {
    if (offset !== end) {
      const what = offset < end ? 'overlaps' : 'leaves a hole after'
      const expected = `data that begins at byte ${end - dataOffset}, where ${describe(previous)} ends`
      fault({ file, tensor: name, expected, got: `byte ${offset - dataOffset}, which ${what} it`, fix: damaged })
    }
    end = offset + byteLength
    previous = name
  }
  if (end !== dataOffset + dataBytes) {
    const expected = `${end - dataOffset} bytes of data, as the header says`
    fault({ file, expected, got: `${dataBytes} bytes of data`, fix: 'Download it again.' })
  }
}

/** Throws a SafetensorsError. */
export function fault(details: SafetensorsFault): never {
  throw new SafetensorsError(details)
}
