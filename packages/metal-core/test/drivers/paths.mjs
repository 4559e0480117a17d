// Where build.mjs puts what drivers use. Apart from it, as workers start quickly without a bundler.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const outDir = fileURLToPath(new URL('../../build/test', import.meta.url))
export const bundle = join(outDir, 'bundle/index.js')
/** The same as CommonJS: a second copy in the same process. */
export const commonJsBundle = join(outDir, 'bundle/index.cjs')
