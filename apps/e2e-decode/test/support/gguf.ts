/** A reader of GGUF's head that shares nothing with the writer: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */

export interface GgufHead {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly tensors: readonly { name: string; shape: readonly number[]; type: number; offset: number }[]
  /** Where the data of the first tensor begins, and the last one's, padded, ends. */
  readonly dataStart: number
  readonly end: number
}

export function readGguf(file: Buffer): GgufHead {
  let at = 0
  const number = (bytes: number, read: (at: number) => number | bigint): number => {
    const value = read(at)
    at += bytes
    return Number(value)
  }
  const u32 = (): number => number(4, (i) => file.readUInt32LE(i))
  const u64 = (): number => number(8, (i) => file.readBigUInt64LE(i))
  const text = (): string => {
    const length = u64()
    at += length
    return file.toString('utf8', at - length, at)
  }
  const value = (type: number): unknown => {
    switch (type) {
      case 4:
        return u32()
      case 5:
        return number(4, (i) => file.readInt32LE(i))
      case 6:
        return number(4, (i) => file.readFloatLE(i))
      case 8:
        return text()
      case 9: {
        const element = u32()
        return Array.from({ length: u64() }, () => value(element))
      }
      default:
        throw new Error(`type ${type}`)
    }
  }
  if (file.toString('latin1', 0, 4) !== 'GGUF') throw new Error('no GGUF file')
  at = 4
  if (u32() !== 3) throw new Error('another version')
  const [tensorCount, pairCount] = [u64(), u64()]
  const metadata = Object.fromEntries(Array.from({ length: pairCount }, () => [text(), value(u32())] as const))
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text()
    const shape = Array.from({ length: u32() }, () => u64())
    return { name, shape, type: u32(), offset: u64() }
  })
  const align = (bytes: number): number => Math.ceil(bytes / 32) * 32
  const dataStart = align(at)
  const last = tensors[tensors.length - 1]
  const values = last.shape.reduce((a, b) => a * b, 1)
  const bytes = { 0: 4 * values, 39: (17 * values) / 32, 40: (36 * values) / 64 }[last.type] ?? NaN
  return { metadata, tensors, dataStart, end: dataStart + last.offset + align(bytes) }
}
