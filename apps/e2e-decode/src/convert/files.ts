/** Small questions about files, and what an error of the system becomes. */
import { readdir, stat } from 'node:fs/promises'
import { FileError } from '../errors.js'

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Throws a FileError for an error of the system, any other as it is. */
export function failFile(path: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined || error instanceof FileError) throw error
  const fix =
    code === 'ENOSPC'
      ? 'Free some space, and run it again: it goes on where it was.'
      : 'Check the path and its permissions, and run it again.'
  throw new FileError(`[convert] expected to write ${path}, got ${message}. ${fix}`, path, { cause: error })
}
