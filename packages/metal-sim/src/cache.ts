import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const running = new Map<string, Promise<string>>()

/**
 * The file of a key, made once: by `make`, which writes to the path that it is given. A whole file is renamed into place; other processes that want
 * the same one wait for it.
 */
export const cached = (path: string, make: (temporary: string) => Promise<void>): Promise<string> => {
  if (existsSync(path)) return Promise.resolve(path)
  let work = running.get(path)
  if (!work) {
    work = makeOnce(path, make).finally(() => running.delete(path))
    running.set(path, work)
  }
  return work
}

const makeOnce = async (path: string, make: (temporary: string) => Promise<void>): Promise<string> => {
  await mkdir(dirname(path), { recursive: true })
  const lock = `${path}.lock`
  const locked = await takeLock(path, lock)
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  const beat = setInterval(() => {
    if (locked) utimes(lock, new Date(), new Date()).catch(() => undefined)
  }, staleMs / 4)
  try {
    if (!existsSync(path)) {
      await make(temporary)
      await rename(temporary, path)
    }
  } finally {
    clearInterval(beat)
    await rm(temporary, { force: true })
    if (locked) await rmdir(lock).catch(() => undefined)
  }
  return path
}

// A lock only saves work: one that nobody touches was left by a process that died, and two that make the same file harm nothing.
const staleMs = 20_000
const takeLock = async (path: string, lock: string): Promise<boolean> => {
  for (;;) {
    try {
      await mkdir(lock)
      return true
    } catch {
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      )
      if (age > staleMs) await rmdir(lock).catch(() => undefined)
      if (existsSync(path)) return false
      await sleep(50)
    }
  }
}

export const hashOf = (...parts: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${String(part.length)}:${part}`)
  return hash.digest('hex').slice(0, 32)
}

/** Text of all files below a folder (with this ending), for keys. */
export const folderText = (folder: string, ending: RegExp = /./): string =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || ending.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? folderText(path, ending) : `${entry.name}\n${readFileSync(path, 'utf8')}`
    })
    .join('\n')
