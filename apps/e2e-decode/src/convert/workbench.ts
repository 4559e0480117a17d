/**
 * Where a conversion is made: a folder `TARGET.partial` beside the target, with the files as far as they are and a journal of the
 * tensors that are in them. Killed at any moment, the target is untouched, and the next run goes on after the last tensor.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { FileError } from '../errors.js'
import { failFile, isThere, namesIn } from './files.js'
import type { Kind } from './source.js'
import { checkTarget, exchange, journalName, lock, lockName, recover, resolveTarget, unlock } from './target.js'

/** Bytes of a file that belong to a finished tensor. */
export interface Piece {
  readonly file: string
  readonly offset: number
  readonly byteLength: number
  readonly crc: number
}

export interface TargetOptions {
  readonly kind: Kind
  /** Takes a target that no conversion has made, too. */
  readonly force?: boolean | undefined
}

interface JournalEntry {
  readonly name: string
  readonly pieces: readonly Piece[]
  readonly value: unknown
}

/** One write of the system ends at 2^31 - 1 bytes. */
const chunkBytes = 64 * 2 ** 20

export class Workbench {
  /** Where the files are made. */
  readonly folder: string
  readonly #target: string
  readonly #journal: FileHandle
  readonly #files = new Map<string, FileHandle>()
  readonly #finished: Map<string, JournalEntry>
  #pieces: Piece[] = []

  private constructor(target: string, folder: string, journal: FileHandle, finished: Map<string, JournalEntry>) {
    this.#target = target
    this.folder = folder
    this.#journal = journal
    this.#finished = finished
  }

  /**
   * Opens the folder, with what an earlier run left in it when that had the same `identity` (source and options). What is found is
   * compared with its checksums; what differs is made again. A target that cannot be written, or must not be, is refused now, not
   * after hours of work. @throws FileError
   */
  static async open(name: string, { kind, force = false }: TargetOptions, identity: object): Promise<Workbench> {
    const target = await resolveTarget(name)
    const folder = `${target}.partial`
    const temporary = `${journalName}.new`
    let locked = false
    try {
      await recover(target, folder)
      await checkTarget(target, kind, force)
      const there = await namesIn(folder)
      if (!there.includes(journalName) && there.some((name) => name !== lockName && name !== temporary)) {
        throw new FileError(
          `[convert] expected ${folder} to be free for unfinished work, got a folder of other files. Move it away.`,
          folder,
        )
      }
      await mkdir(folder, { recursive: true })
      await lock(folder)
      locked = true
      const first = JSON.stringify(identity)
      const finished = await readJournal(folder, first)
      if (finished.size === 0) await empty(folder)
      // Without what an interrupted write may have left at its end.
      const lines = [first, ...[...finished.values()].map((entry) => JSON.stringify(entry))]
      await writeFile(join(folder, temporary), `${lines.join('\n')}\n`)
      await rename(join(folder, temporary), join(folder, journalName))
      return new Workbench(target, folder, await open(join(folder, journalName), 'a'), finished)
    } catch (error) {
      if (locked) await unlock(folder)
      return failFile(folder, error)
    }
  }

  /** How many tensors an earlier run has finished. */
  get resumed(): number {
    return this.#finished.size
  }

  /** What was committed for a tensor by an earlier run, with where its bytes end. */
  finished(name: string): { readonly value: unknown; readonly end: number } | undefined {
    const entry = this.#finished.get(name)
    if (entry === undefined) return undefined
    return {
      value: entry.value,
      end: Math.max(0, ...entry.pieces.map(({ offset, byteLength }) => offset + byteLength)),
    }
  }

  /** Writes bytes of the tensor that is committed next. @throws FileError */
  async write(name: string, offset: number, data: ArrayBufferView): Promise<void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    try {
      const file = await this.#file(name)
      let crc = 0
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, Math.min(chunkBytes, bytes.length - done), offset + done)
        crc = crc32(bytes.subarray(done, done + bytesWritten), crc)
        done += bytesWritten
      }
      this.#pieces.push({ file: name, offset, byteLength: bytes.length, crc })
    } catch (error) {
      failFile(join(this.folder, name), error)
    }
  }

  /** Notes that a tensor is whole; `value` comes back from `finished`. */
  async commit(name: string, value: unknown): Promise<void> {
    const entry: JournalEntry = { name, pieces: this.#pieces, value }
    this.#pieces = []
    try {
      await this.#journal.write(`${JSON.stringify(entry)}\n`)
    } catch (error) {
      failFile(join(this.folder, journalName), error)
    }
  }

  /** Sets the length of a file; what lies beyond its end, or between tensors, is zeros. */
  async truncate(name: string, byteLength: number): Promise<void> {
    try {
      await (await this.#file(name)).truncate(byteLength)
    } catch (error) {
      failFile(join(this.folder, name), error)
    }
  }

  /** Writes a small file as a whole. */
  async writeText(name: string, text: string): Promise<void> {
    try {
      await writeFile(join(this.folder, name), text)
    } catch (error) {
      failFile(join(this.folder, name), error)
    }
  }

  /** Puts the folder in the target's place. Files of no model that the target has stay in it. */
  async install(): Promise<void> {
    await this.#journal.sync()
    for (const file of this.#files.values()) await file.sync()
    await this.#closeFiles()
    await exchange(this.folder, this.#target).catch((error: unknown) => failFile(this.#target, error))
  }

  /** Closes the files; what was finished stays for the next run. */
  async close(): Promise<void> {
    await this.#closeFiles()
    await unlock(this.folder)
  }

  async #closeFiles(): Promise<void> {
    const files = [this.#journal, ...this.#files.values()]
    this.#files.clear()
    await Promise.allSettled(files.map((file) => file.close()))
  }

  async #file(name: string): Promise<FileHandle> {
    const opened = this.#files.get(name)
    if (opened !== undefined) return opened
    const path = join(this.folder, name)
    const file = await open(path, (await isThere(path)) ? 'r+' : 'w+')
    this.#files.set(name, file)
    return file
  }
}

/** Removes what an earlier run has left; the journal stays until a new one takes its place. */
async function empty(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (name !== journalName && name !== lockName) await rm(join(folder, name), { recursive: true })
  }
}

/** The tensors that are in the files as the journal says; none when it is of another conversion. */
async function readJournal(folder: string, first: string): Promise<Map<string, JournalEntry>> {
  const finished = new Map<string, JournalEntry>()
  const text = await readFile(join(folder, journalName), 'utf8').catch(() => '')
  const [identity, ...lines] = text.split('\n')
  if (identity !== first) return finished
  for (const line of lines) {
    const entry = parseEntry(line)
    if (entry === undefined || !(await isWhole(folder, entry.pieces))) break
    finished.set(entry.name, entry)
  }
  return finished
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null
    const whole = typeof entry?.name === 'string' && Array.isArray(entry.pieces) && entry.pieces.every(isPiece)
    return whole ? (entry as JournalEntry) : undefined
  } catch {
    return undefined
  }
}

function isPiece(value: unknown): value is Piece {
  const piece = value as Partial<Piece> | null
  const numbers = [piece?.offset, piece?.byteLength, piece?.crc]
  return (
    typeof piece?.file === 'string'
    && !/[\\/]/.test(piece.file)
    && numbers.every((n) => Number.isSafeInteger(n) && n! >= 0)
  )
}

async function isWhole(folder: string, pieces: readonly Piece[]): Promise<boolean> {
  for (const { file: name, offset, byteLength, crc } of pieces) {
    const file = await open(join(folder, name), 'r').catch(() => undefined)
    if (file === undefined) return false
    try {
      const buffer = new Uint8Array(Math.min(byteLength, chunkBytes))
      let found = 0
      for (let done = 0; done < byteLength;) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, byteLength - done), offset + done)
        if (bytesRead === 0) return false
        found = crc32(buffer.subarray(0, bytesRead), found)
        done += bytesRead
      }
      if (found !== crc) return false
    } finally {
      await file.close()
    }
  }
  return true
}
