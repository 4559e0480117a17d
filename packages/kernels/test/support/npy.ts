/** A reader for NumPy's .npy files, version 1: what the op_goldens fixtures are stored in. */
import { readFileSync } from 'node:fs'

export interface NpyArray {
  readonly shape: readonly number[]
  /** float32, int32, or int64 as numbers; bfloat16 (stored as uint16) as its bits. */
  readonly data: Float32Array | Int32Array | Uint16Array | Float64Array
}

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function readNpy(path: string): NpyArray {
  const bytes = readFileSync(path)
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY' || bytes[6] !== 1)
    throw new Error(`${path} is not a version 1 .npy file`)
  const start = 10 + bytes.readUInt16LE(8)
  const header = bytes.toString('latin1', 10, start)
  const type = /'descr': '([^']+)'/.exec(header)?.[1]
  const shapeText = /'shape': \(([^)]*)\)/.exec(header)?.[1]
  if (type === undefined || shapeText === undefined || header.includes("'fortran_order': True")) {
    throw new Error(`${path}: unexpected header ${header}`)
  }
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  const length = shape.reduce((product, size) => product * size, 1)
  const body = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)
  switch (type) {
    case '<f4':
      return { shape, data: new Float32Array(body, 0, length) }
    case '<i4':
      return { shape, data: new Int32Array(body, 0, length) }
    case '<u2':
      return { shape, data: new Uint16Array(body, 0, length) }
    case '<i8':
      return { shape, data: Float64Array.from(new BigInt64Array(body, 0, length), Number) }
    default:
      throw new Error(`${path}: unexpected type ${type}`)
  }
}
