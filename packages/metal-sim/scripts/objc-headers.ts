/**
 * Writes objc/include/{Foundation,Metal} from objc/selectors. Run by hand after a change of the list; a test sees to it
 * that what is committed is current.
 *
 *   node_modules/.bin/tsx scripts/objc-headers.ts
 *   node_modules/.bin/tsx scripts/objc-headers.ts --conformity [macOS version of the SDK] > check.mm
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformity } from './objc-headers/conformity.js'
import { objcHeaders } from './objc-headers/headers.js'
import type { SelectorFile } from './objc-headers/list.js'

const objc = join(dirname(fileURLToPath(import.meta.url)), '..', 'objc')

/** All files of the list, in a fixed order. */
export function readSelectors(): SelectorFile[] {
  const folders = ['Foundation', 'Metal'].map((framework) => join(objc, 'selectors', framework))
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as SelectorFile),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flag = process.argv.indexOf('--conformity')
  if (flag > 0) process.stdout.write(conformity(readSelectors(), Number(process.argv[flag + 1] ?? 15)))
  else writeHeaders()
}

function writeHeaders(): void {
  for (const [path, text] of objcHeaders(readSelectors())) {
    const target = join(objc, 'include', path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
}
