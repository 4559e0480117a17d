import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached, folderText, hashOf } from '../../src/cache.js'
import { readBuildFlags } from '../../src/compile/build-flags.js'
import { defaultCacheDirectory, runtimeDirectory } from '../../src/paths.js'
import { runProcess } from '../../src/process.js'
import { buildRunner as buildRunnerIn } from '../../src/simulator/runner.js'
import { findToolchain } from '../../src/toolchain.js'

export type Mode = 'checked' | 'fast'

const clang = 'clang++-19'
const here = fileURLToPath(new URL('./', import.meta.url))

/** Whether clang 19 and its sanitizers' runtime libraries are there. */
export const clangFound: boolean =
  spawnSync(clang, ['-fsanitize=address', '-x', 'c++', '-', '-o', '/dev/null'], { input: 'int main() {}' }).status === 0

export const buildRunner = async (mode: Mode): Promise<string> =>
  buildRunnerIn(await findToolchain(clang), mode, defaultCacheDirectory())

/** A library of kernels from a file of this folder, compiled with the flags that compiled Metal sources get. */
export const buildLibrary = (source: string, mode: Mode): Promise<string> => {
  const { library } = readBuildFlags()
  const key = hashOf(folderText(here), folderText(runtimeDirectory))
  return cached(join(defaultCacheDirectory(), 'tests', `${source}-${mode}-${key}.so`), async (temporary) => {
    const parts = [library.frontend, library.backend]
    const flags = parts.flatMap((flags) => [...flags.all, ...flags[mode]])
    const parameters = ['-std=c++20', ...flags, `-I${runtimeDirectory}`, '-x', 'c++', source, '-o', temporary]
    const { status, stderr } = await runProcess(clang, parameters, { cwd: here })
    if (status !== 0) throw new Error(stderr)
  })
}

/** Lines of a fixture that end in `// HERE name`. */
export function linesOf(source: string, name: string): number[] {
  const lines = readFileSync(join(here, source), 'utf8').split('\n')
  return lines.flatMap((line, i) => (line.endsWith(`// HERE ${name}`) ? [i + 1] : []))
}
