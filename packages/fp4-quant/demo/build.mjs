// Bundles the page into a folder that any static server can serve: `node demo/build.mjs FOLDER`.
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { writeWorkerCode } from '../scripts/worker-code.mjs'

const demo = fileURLToPath(new URL('.', import.meta.url))

/** @param {string} folder where index.html, demo.css, demo.js and worker.js go. */
export async function buildDemo(folder) {
  await mkdir(folder, { recursive: true })
  await writeWorkerCode()
  await build({
    entryPoints: { demo: join(demo, 'main.ts'), worker: join(demo, 'worker.ts') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // From the sources, so that the page can be built without building the package first.
    conditions: ['@metal-fp4/source'],
    minify: true,
    legalComments: 'linked',
    logLevel: 'warning',
  })
  for (const file of ['index.html', 'demo.css']) await cp(join(demo, file), join(folder, file))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) {
    console.error('[demo] expected a folder, got nothing. node demo/build.mjs FOLDER')
    process.exitCode = 2
  } else {
    await buildDemo(folder)
  }
}
