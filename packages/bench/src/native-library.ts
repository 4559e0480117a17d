/** Where this package's own kernel library is. */
import { openNativePart } from '@metal-fp4/metal-core'
import { fail, messageOf } from './errors.js'

/**
 * The path of the library: built in this package's folder, else that of the prebuilt package `@metal-fp4/bench-<os>-<cpu>`.
 * @throws BenchError when there is none that loads, with what was tried.
 */
export function nativeLibraryPath(): string {
  const part = {
    package: '@metal-fp4/bench',
    root: new URL('..', import.meta.url),
    built: 'build/lib/stream_read.so',
    what: 'kernel that reads memory',
  }
  try {
    return openNativePart(part, (path) => path)
  } catch (error) {
    return fail('openRoof', 'its kernel library', 'none', messageOf(error))
  }
}
