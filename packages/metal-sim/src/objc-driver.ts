/**
 * The compiler that software Metal's `newLibraryWithSource:` starts (objc/src/runner/compiler.h): the source on stdin, then
 * `library PATH` and `runner PATH`, or `failed LOG`, on stdout; strings are encoded as in runtime/PROTOCOL.md.
 *
 *   objc-driver --mode checked|fast --name NAME [-D NAME=VALUE]…
 */
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { compile } from './compile/compile.js'
import { MetalCompileError, formatDiagnostic } from './errors.js'
import { defaultCacheDirectory } from './paths.js'
import { buildRunner } from './simulator/runner.js'
import { encodeString } from './simulator/strings.js'
import { findToolchain } from './toolchain.js'

const answer = (word: string, value: string): void => {
  process.stdout.write(`${word} ${encodeString(value)}\n`)
}

const reason = (error: unknown): string => {
  if (error instanceof MetalCompileError) return error.diagnostics.map(formatDiagnostic).join('\n') || error.message
  return error instanceof Error ? error.message : String(error)
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'checked' },
      name: { type: 'string', default: 'program_source' },
      define: { type: 'string', short: 'D', multiple: true, default: [] },
    },
  })
  const mode = values.mode === 'fast' ? 'fast' : 'checked'
  const defines = Object.fromEntries(
    values.define.map((entry) => [entry.split('=', 1)[0], entry.slice(entry.indexOf('=') + 1)]),
  )
  const source = await text(process.stdin)
  const [program, runner] = await Promise.all([
    compile(source, { name: values.name, mode, defines }),
    buildRunner(await findToolchain(), mode, defaultCacheDirectory()),
  ])
  answer('library', program.path)
  answer('runner', runner)
}

main().catch((error: unknown) => answer('failed', reason(error)))
