/** Files as sources of bytes, and a file that is whole or not there. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, lstat, open, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { failOption } from '../errors.js'
import { type SafetensorsFile, openSafetensors, openShardedSafetensors } from '../safetensors/file.js'
import { fault } from '../safetensors/header.js'
import type { ByteSource } from '../safetensors/source.js'

/** One read is at most this long: the system's limit is 2^31 - 1 bytes, and smaller pieces keep the event loop free. */
const pieceBytes = 64 * 2 ** 20

export interface OpenedInput {
  readonly file: SafetensorsFile
  /** The files behind it. */
  readonly paths: readonly string[]
  close(): Promise<void>
}

/** Opens a safetensors file, an index of shards, or the folder that holds either. @throws SafetensorsError */
export async function openInput(path: string, signal?: AbortSignal): Promise<OpenedInput> {
  const handles: FileHandle[] = []
  const paths: string[] = []
  const openSource = async (file: string): Promise<ByteSource> => {
    const source = await fileSource(file)
    handles.push(source.handle)
    paths.push(file)
    return source
  }
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()))
  }
  try {
    const found = await findFile(path)
    if (!found.endsWith('.json')) {
      return { file: await openSafetensors(await openSource(found), signal ? { signal } : {}), paths, close }
    }
    const index = await readFile(found, 'utf8')
    const file = await openShardedSafetensors(index, (shard) => openSource(join(dirname(found), shard)), found)
    return { file, paths, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The file that an output's name means: links are followed, and a file that is there is kept unless `force`.
 * @throws OptionError, or SafetensorsError for a folder that cannot be written into; before any work is done.
 */
export async function outputFile(path: string, inputs: readonly string[], force: boolean): Promise<string> {
  const refuse = (expected: string, got: string, fix: string): never => failOption('pack', expected, got, fix)
  if (path === '-') refuse('the name of a file as output', '-', 'Name a file; ./- is one that is called so.')
  const there = await lstat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : failFile(path, 'a file that can be written', error)
  })
  if (there === undefined) {
    await checkFolder(dirname(resolve(path)))
    return path
  }
  const target = await realpath(path).catch(() =>
    refuse('an output that can be written', `${path}, a link to nothing`, 'Choose another name.'),
  )
  const real = await Promise.all(inputs.map((input) => realpath(input)))
  if (real.includes(target)) refuse('an output that is not the input', `${path} twice`, 'Choose another name.')
  const info = await stat(target)
  if (!info.isFile()) {
    const kind = info.isDirectory() ? 'a folder' : 'no regular file'
    refuse('a file as output', `${path}, ${kind}`, 'Name the file to write.')
  }
  if (!force) refuse('an output that is not there', path, 'Choose another name, or pass --force to replace it.')
  return target
}

/** Writes a file under another name and renames it when it is whole; whatever goes wrong, nothing half-written stays. */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const part = join(dirname(resolve(path)), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const handle = await open(part, 'wx').catch((error: unknown) => failFile(path, 'a file that can be written', error))
  try {
    for await (const chunk of chunks) {
      for (let done = 0; done < chunk.length;) {
        done += (await handle.write(chunk, done, Math.min(pieceBytes, chunk.length - done))).bytesWritten
      }
    }
    await handle.sync()
    await handle.close()
    await rename(part, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await unlink(part).catch(() => undefined)
    if ((error as NodeJS.ErrnoException).syscall !== undefined) failFile(path, 'a file that can be written', error)
    throw error
  }
}

async function fileSource(path: string): Promise<ByteSource & { handle: FileHandle }> {
  const handle = await open(path, 'r').catch((error: unknown) => failFile(path, 'a readable file', error))
  const { size } = await handle.stat()
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = allocate(length, path)
    let done = 0
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(pieceBytes, length - done), offset + done)
      if (bytesRead === 0) return bytes.subarray(0, done)
      done += bytesRead
    }
    return bytes
  }
  return { name: path, byteLength: size, read, handle }
}

/** A tensor may be larger than memory, or than an array may be, where a file has holes. */
function allocate(length: number, file: string): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch {
    const fix = 'Free memory, or split the tensor.'
    return fault({ file, expected: 'a tensor that fits into memory', got: `one of ${length} bytes`, fix })
  }
}

/** The file that a path means. */
async function findFile(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => failFile(path, 'a file or a folder', error))
  if (!info.isDirectory()) return path
  const names = await readdir(path)
  const files = names.filter((name) => name.endsWith('.safetensors'))
  const index = names.find((name) => name.endsWith('.safetensors.index.json'))
  if (files.includes('model.safetensors')) return join(path, 'model.safetensors')
  if (index !== undefined) return join(path, index)
  if (files.length === 1) return join(path, files[0])
  const got = files.length === 0 ? 'no .safetensors file' : `${files.length} files without an index`
  return fault({ file: path, expected: 'model.safetensors or an index', got, fix: 'Name the file itself.' })
}

/** Of an output that is not there yet. */
async function checkFolder(folder: string): Promise<void> {
  const expected = 'a folder to write into'
  const info = await stat(folder).catch((error: unknown) => failFile(folder, expected, error, 'Make it first.'))
  if (!info.isDirectory()) fault({ file: folder, expected, got: 'a file', fix: 'Choose another name.' })
}

function failFile(file: string, expected: string, error: unknown, fixOfNone = 'Check the path.'): never {
  const { code, message } = error as NodeJS.ErrnoException
  const got = code === 'ENOENT' ? 'none' : code === 'ENOSPC' ? 'a full disk' : message
  return fault({ file, expected, got, fix: code === 'ENOENT' ? fixOfNone : 'Check permissions and space.' })
}
