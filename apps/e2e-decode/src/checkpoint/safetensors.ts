/** A safetensors file, opened once and read a tensor at a time, in pieces: tensors and files may be larger than 4 GiB. */
import { type FileHandle, open } from 'node:fs/promises'
import { describe, failCheckpoint } from '../errors.js'
import { type TensorEntry, headerEnd, parseHeader } from './safetensors-header.js'

/** A tensor as the file holds it: float32 values, or the bits of halves or bfloat16. */
export type RawTensor = { readonly shape: readonly number[] } & (
  { readonly type: 'f32'; readonly data: Float32Array } | { readonly type: 'f16' | 'bf16'; readonly data: Uint16Array }
)

export interface SafetensorsFile {
  readonly path: string
  readonly entries: ReadonlyMap<string, TensorEntry>
  /** The texts of `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>
  /** Reads a tensor of the file. @throws CheckpointError when its dtype is none of F32, F16 and BF16. */
  read(entry: TensorEntry): Promise<RawTensor>
  close(): Promise<void>
}

/** One read is at most this long: the system's limit is 2^31 - 1 bytes, and smaller pieces keep the event loop free. */
const pieceBytes = 64 * 2 ** 20

/** Opens a file and checks its header. @throws CheckpointError naming file, tensor, what was expected and what came. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openFile(path)
  try {
    const { size } = await handle.stat()
    const prefix = new Uint8Array(Math.min(8, size))
    await readFully(handle, path, prefix, 0)
    const header = new Uint8Array(headerEnd(path, prefix, size))
    await readFully(handle, path, header, 0)
    const { entries, metadata } = parseHeader(path, header, size)
    return { path, entries, metadata, read: (entry) => readTensor(handle, path, entry), close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : (error as Error).message
    const fix = 'Download the whole folder of the checkpoint.'
    return failCheckpoint({ file: path, expected: 'a readable file', got, fix })
  }
}

async function readTensor(handle: FileHandle, path: string, entry: TensorEntry): Promise<RawTensor> {
  const { name, dtype, shape, offset, byteLength } = entry
  const bytes = (): Promise<Uint8Array<ArrayBuffer>> => {
    const target = new Uint8Array(byteLength)
    return readFully(handle, path, target, offset).then(() => target)
  }
  switch (dtype as string) {
    case 'F32':
      return { type: 'f32', shape, data: new Float32Array((await bytes()).buffer) }
    case 'F16':
    case 'BF16':
      return { type: dtype === 'F16' ? 'f16' : 'bf16', shape, data: new Uint16Array((await bytes()).buffer) }
    default: {
      const fix = 'Convert the checkpoint to one of these.'
      return failCheckpoint({ file: path, tensor: name, expected: 'dtype F32, F16 or BF16', got: describe(dtype), fix })
    }
  }
}

async function readFully(handle: FileHandle, path: string, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length;) {
    const length = Math.min(pieceBytes, target.length - done)
    const { bytesRead } = await handle.read(target, done, length, position + done)
    if (bytesRead === 0) {
      const fix = 'The file changed while it was read.'
      failCheckpoint({ file: path, expected: `${target.length} bytes at ${position}`, got: `${done}`, fix })
    }
    done += bytesRead
  }
}
