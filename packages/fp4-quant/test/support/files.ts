/** Safetensors files in memory, right ones and wrong ones. */
import { type TensorToWrite, bytesSource, writeSafetensors } from '../../src/safetensors/index.js'

/** All bytes of a stream. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const chunk of chunks) pieces.push(chunk.slice())
  return new Uint8Array(Buffer.concat(pieces))
}

export async function fileOf(tensors: TensorToWrite[], metadata?: Record<string, string>): Promise<Uint8Array> {
  return collect(writeSafetensors(tensors, metadata))
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** A file with this text as its header; `length` overrides the length that it states. */
export function rawFile(header: string | Uint8Array, data: Uint8Array, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? Buffer.from(header) : header
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(length ?? BigInt(text.length))
  return new Uint8Array(Buffer.concat([prefix, text, data]))
}

/** A source that counts what is asked of it, and refuses what the file does not have. */
export function countingSource(bytes: Uint8Array): ReturnType<typeof bytesSource> & { largest: number } {
  const source = bytesSource(bytes, 'fuzzed.safetensors')
  const counting = {
    ...source,
    largest: 0,
    read: (offset: number, length: number): Promise<Uint8Array> => {
      if (offset < 0 || length < 0 || offset + length > bytes.length) throw new RangeError(`read ${offset}+${length}`)
      counting.largest = Math.max(counting.largest, length)
      return source.read(offset, length)
    },
  }
  return counting
}
