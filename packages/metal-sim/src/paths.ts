import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// src/ and dist/ are both directly below the package.
/** The folder of this package. */
export const packageDirectory: string = resolve(dirname(fileURLToPath(import.meta.url)), '..')

export const includeDirectory: string = join(packageDirectory, 'include')
export const runtimeDirectory: string = join(packageDirectory, 'runtime')

/** Of this package. */
export const packageVersion = (): string => {
  const { version } = JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8')) as { version: string }
  return version
}

/** Where compiled sources and runners are kept. */
export const defaultCacheDirectory = (): string => {
  const named = process.env.METAL_SIM_CACHE
  if (named !== undefined && named !== '') return resolve(named)
  const base = process.env.XDG_CACHE_HOME
  if (base !== undefined && base !== '') return join(base, 'metal-sim')
  return process.platform === 'darwin' && existsSync(join(homedir(), 'Library', 'Caches'))
    ? join(homedir(), 'Library', 'Caches', 'metal-sim')
    : join(homedir(), '.cache', 'metal-sim')
}
