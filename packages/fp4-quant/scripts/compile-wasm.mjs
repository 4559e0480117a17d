// Compiles assembly/*.ts to WebAssembly and writes it as text into src/wasm/binary.ts, so that no bundler, browser or content policy
// meets another file: `node scripts/compile-wasm.mjs`. The build runs it; a test compares the file with its sources.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = fileURLToPath(new URL('../src/wasm/binary.ts', import.meta.url))

/** What a browser compiles synchronously on its main thread, everywhere (Chrome's limit until 2023). */
const sizeLimit = 4096

// A stub runtime and no start-up code: memory is laid out by the caller. Shrinking takes 270 bytes and no speed.
const flags = '-O3 --converge --runtime stub --noAssert --enable simd --use abort= --initialMemory 0'

/** The text of src/wasm/binary.ts. */
export async function wasmSource() {
  let module
  const { error, stderr } = await asc.main(
    ['assembly/index.ts', '--baseDir', root, '--outFile', 'module.wasm', ...flags.split(' ')],
    { writeFile: (_name, contents) => (module = contents) },
  )
  if (error) throw new Error(`[compile-wasm] expected assembly/ to compile, got ${error.message}\n${stderr}`)
  if (module.length > sizeLimit) {
    throw new Error(`[compile-wasm] expected at most ${sizeLimit} bytes, got ${module.length}. Shorten assembly/.`)
  }
  const lines = Buffer.from(module)
    .toString('base64')
    .match(/.{1,110}/g)
  return `/** ${module.length} bytes of WebAssembly in base64, made from assembly/ by scripts/compile-wasm.mjs. Not written by hand. */
export const wasmBase64: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const source = await wasmSource()
  const before = await readFile(output, 'utf8').catch(() => '')
  if (source !== before) await writeFile(output, source)
}
