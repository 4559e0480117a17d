/** Where bytes come from: a file, a blob that a page was given, memory. */

/** Bytes that are read a piece at a time. */
export interface ByteSource {
  /** For messages: the file's name or path. */
  readonly name?: string
  readonly byteLength: number
  /** Exactly `length` bytes from `offset` on, in memory that the caller may keep. Rejects when they cannot be had. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** A Blob or File of a browser (or of Node). */
export function blobSource(blob: Blob, name?: string): ByteSource {
  const own = (blob as { name?: string }).name
  return {
    name: name ?? own ?? 'blob',
    byteLength: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  }
}

/** Bytes in memory; reads are views of them. */
export function bytesSource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    byteLength: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  }
}
