import { match } from '../match.js'
import { bfloatBits, bfloatValue, halfBits, halfValue } from './half.js'

/** The command line asks for what is not there. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_METAL_SIM_USAGE'
}

interface Type {
  readonly bytes: number
  readonly write: (view: DataView, at: number, value: string) => void
  readonly read: (view: DataView, at: number) => number | string
}

const numeric = (
  bytes: number,
  set: (view: DataView, at: number, value: number) => void,
  get: (view: DataView, at: number) => number,
): Type => ({
  bytes,
  write: (view, at, text) => {
    const value = Number(text)
    if (text.trim() === '' || (Number.isNaN(value) && text !== 'nan'))
      throw new UsageError(`[run] expected a number, got '${text}'.`)
    set(view, at, value)
  },
  read: get,
})

/** 64 bits, which a number does not hold. */
const integer = (
  set: (view: DataView, at: number, value: bigint) => void,
  get: (view: DataView, at: number) => bigint,
): Type => ({
  bytes: 8,
  write: (view, at, text) => {
    const value = text.trim()
    if (!/^(-?\d+|0x[\da-f]+)$/i.test(value)) throw new UsageError(`[run] expected a whole number, got '${text}'.`)
    set(view, at, BigInt(value))
  },
  read: (view, at) => get(view, at).toString(),
})

const types: Readonly<Record<string, Type>> = {
  float: numeric(
    4,
    (v, at, x) => v.setFloat32(at, x, true),
    (v, at) => v.getFloat32(at, true),
  ),
  half: numeric(
    2,
    (v, at, x) => v.setUint16(at, halfBits(x), true),
    (v, at) => halfValue(v.getUint16(at, true)),
  ),
  bfloat: numeric(
    2,
    (v, at, x) => v.setUint16(at, bfloatBits(x), true),
    (v, at) => bfloatValue(v.getUint16(at, true)),
  ),
  int: numeric(
    4,
    (v, at, x) => v.setInt32(at, x, true),
    (v, at) => v.getInt32(at, true),
  ),
  uint: numeric(
    4,
    (v, at, x) => v.setUint32(at, x, true),
    (v, at) => v.getUint32(at, true),
  ),
  short: numeric(
    2,
    (v, at, x) => v.setInt16(at, x, true),
    (v, at) => v.getInt16(at, true),
  ),
  ushort: numeric(
    2,
    (v, at, x) => v.setUint16(at, x, true),
    (v, at) => v.getUint16(at, true),
  ),
  char: numeric(
    1,
    (v, at, x) => v.setInt8(at, x),
    (v, at) => v.getInt8(at),
  ),
  uchar: numeric(
    1,
    (v, at, x) => v.setUint8(at, x),
    (v, at) => v.getUint8(at),
  ),
  bool: numeric(
    1,
    (v, at, x) => v.setUint8(at, x === 0 ? 0 : 1),
    (v, at) => v.getUint8(at),
  ),
  long: integer(
    (v, at, x) => v.setBigInt64(at, x, true),
    (v, at) => v.getBigInt64(at, true),
  ),
  ulong: integer(
    (v, at, x) => v.setBigUint64(at, x, true),
    (v, at) => v.getBigUint64(at, true),
  ),
}

export const typeNamed = (name: string): Type => {
  const type = Object.hasOwn(types, name) ? types[name] : undefined
  if (!type) throw new UsageError(`[run] expected a type (${Object.keys(types).join(', ')}), got '${name}'.`)
  return type
}

/** Bytes of `TYPE:1,2,3`, or of `TYPE*COUNT:1,2`: the list again and again. */
export const parseValues = (text: string): Uint8Array => {
  const found = match(/^(\w+)(?:\*(\d+))?:(.*)$/s, text)
  if (!found)
    throw new UsageError(
      `[run] expected TYPE:VALUE,…, TYPE*COUNT:VALUE,…, zeros:BYTES, value:TYPE:VALUE,… or @FILE, got '${text}'.`,
    )
  const type = typeNamed(found[1] ?? '')
  const list = (found[3] ?? '').split(',')
  const count = found[2] === undefined ? list.length : Number(found[2])
  const bytes = allocate(count * type.bytes, `${text.slice(0, text.indexOf(':'))}:…`)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < count; i++) type.write(view, i * type.bytes, list[i % list.length] ?? '')
  return bytes
}

/** Zeros; at most 4 GiB: more is a slip of the pen. */
export const allocate = (bytes: number, text: string): Uint8Array => {
  if (bytes <= 2 ** 32) return new Uint8Array(bytes)
  throw new UsageError(`[run] expected data of at most 4294967296 bytes, got '${text}'.`)
}

export const readValues = (bytes: Uint8Array, name: string): (number | string)[] => {
  const type = typeNamed(name)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.byteLength / type.bytes) }, (_, i) => type.read(view, i * type.bytes))
}
