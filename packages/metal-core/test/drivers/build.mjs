// Builds what tests run: the libraries of kernels, and a bundle of src/ that child processes of plain Node can load.
// Used by vitest (setup.ts) and by scripts/test-native.mjs.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { bundle, outDir } from './paths.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
export { bundle, outDir }

/** What is wrong with build/test/malformed-<i>.so. */
export const defects = 11

function compile(source, output, flags) {
  const file = join(root, source)
  const target = join(outDir, output)
  const inputs = [file, join(root, 'include/cpu_kernel.h')]
  if (existsSync(target) && inputs.every((input) => statSync(input).mtimeMs < statSync(target).mtimeMs)) return
  const compiler = process.env.CXX ?? 'c++'
  const language = file.endsWith('.c') ? ['-x', 'c'] : ['-x', 'c++', '-std=c++20']
  const args = [...language, '-O2', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror', `-I${join(root, 'include')}`]
  execFileSync(compiler, [...args, ...flags, file, '-o', target], { stdio: ['ignore', 'ignore', 'inherit'] })
}

export async function buildTestInputs() {
  mkdirSync(outDir, { recursive: true })
  compile('examples/stranger-kernel/stranger.c', 'stranger.so', [])
  compile('test/libraries/probe.c', 'probe.so', [])
  compile('test/libraries/throws.cc', 'throws.so', [])
  for (let i = 0; i < defects; i++) compile('test/libraries/malformed.c', `malformed-${i}.so`, [`-DDEFECT=${i}`])
  await build({
    config: false,
    entry: [join(root, 'src/index.ts')],
    outDir: join(outDir, 'bundle'),
    format: ['esm', 'cjs'],
    shims: true,
    target: 'node20',
    silent: true,
  })
  if (!readFileSync(bundle, 'utf8').includes('createDevice')) throw new Error(`expected a bundle at ${bundle}`)
}
