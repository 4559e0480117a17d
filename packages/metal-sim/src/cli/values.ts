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
  long: {
    bytes: 8,
    write: (v, at, text) => {
      v.setBigInt64(at, BigInt(text), true)
    },
    read: (v, at) => v.getBigInt64(at, true).toString(),
  },
  ulong: {
    bytes: 8,
    write: (v, at, text) => {
      v.setBigUint64(at, BigInt(text), true)
    },
    read: (v, at) => v.getBigUint64(at, true).toString(),
  },
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
  const bytes = new Uint8Array(count * type.bytes)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < count; i++) type.write(view, i * type.bytes, list[i % list.length] ?? '')
  return bytes
}

export const readValues = (bytes: Uint8Array, name: string): (number | string)[] => {
  const type = typeNamed(name)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.byteLength / type.bytes) }, (_, i) => type.read(view, i * type.bytes))
}
