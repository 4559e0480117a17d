import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Buffers of one run lie in one file that the runner maps, each on a page of its own. */
export class SharedFile {
  readonly #handle: FileHandle
  #size = 0

  private constructor(
    readonly path: string,
    handle: FileHandle,
  ) {
    this.#handle = handle
  }

  static async create(): Promise<SharedFile> {
    const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    const path = join(folder, `metal-sim-${String(process.pid)}-${randomBytes(8).toString('hex')}`)
    return new SharedFile(path, await open(path, 'wx+', 0o600))
  }

  /** Writes bytes at a new page; returns where. */
  async add(bytes: Uint8Array): Promise<number> {
    const offset = this.#size
    this.#size += Math.max(4096, Math.ceil(bytes.byteLength / 4096) * 4096)
    await this.#handle.truncate(this.#size)
    await this.#handle.write(bytes, 0, bytes.byteLength, offset)
    return offset
  }

  async read(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.byteLength - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
  }

  async dispose(): Promise<void> {
    await this.#handle.close()
    await unlink(this.path).catch(() => undefined)
  }
}
