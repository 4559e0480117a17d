// Bundles src/parallel/worker.ts into one script and writes it as text into build/generated/worker-code.ts, so that a pool
// starts its workers without another file. The build and the tests run it.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const output = fileURLToPath(new URL('../build/generated/worker-code.ts', import.meta.url))

/** Writes the file if its text has changed. */
export async function writeWorkerCode() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/parallel/worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
  })
  const text = `/** src/parallel/worker.ts and what it imports, by scripts/worker-code.mjs. */\nexport const workerCode: string = ${JSON.stringify(outputFiles[0].text)}\n`
  if ((await readFile(output, 'utf8').catch(() => '')) === text) return
  await mkdir(dirname(output), { recursive: true })
  await writeFile(output, text)
}

/** For vitest, which calls it before the tests. */
export default writeWorkerCode

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeWorkerCode()
