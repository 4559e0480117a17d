/** Where this package's own kernel library is. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fail } from './errors.js'

/** The path of build/lib/stream_read.so, the same from src and from dist. @throws BenchError when it was not built. */
export function nativeLibraryPath(): string {
  const path = fileURLToPath(new URL('../build/lib/stream_read.so', import.meta.url))
  if (!existsSync(path))
    fail('openRoof', `a kernel library at ${path}`, 'none', "Build it: 'pnpm build' in the repository.")
  return path
}
