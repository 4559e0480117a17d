/**
 * Writes what follows from the manifest: parameter structs, argument tables and checks for the CPU kernels, parameter structs
 * for Metal, the Metal library, and the reference. Run by the build; the output depends on the manifest alone.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manifest } from '../src/manifest/index.js'
import { cpuKernelList } from './generate/cpu-kernel-list.js'
import { cpuParams } from './generate/cpu-params.js'
import { cpuTable } from './generate/cpu-table.js'
import { metalLibrary } from './generate/metal-library.js'
import { metalParams } from './generate/metal-params.js'
import { readMetalSource } from './generate/metal-sources.js'
import { reference } from './generate/reference.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const files: Readonly<Record<string, string>> = {
  'build/generated/cpu/kernels.cmake': cpuKernelList(manifest),
  'build/generated/cpu/params.h': cpuParams(manifest),
  'build/generated/cpu/table.inc': cpuTable(manifest),
  'build/generated/metal/params.h': metalParams(manifest),
  'build/generated/metal/kernels.metal': metalLibrary(manifest, readMetalSource),
  'docs/kernels.md': reference(manifest),
}

for (const [path, text] of Object.entries(files)) {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  // A file that stays the same keeps its time stamp, so that nothing is compiled again for it.
  if (existing(target) !== text) writeFileSync(target, text)
}

function existing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
