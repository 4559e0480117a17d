import { join } from 'node:path'
import { includeDirectory } from '../paths.js'
import { runProcess } from '../process.js'
import type { Diagnostic } from '../source/findings.js'
import type { Toolchain } from '../toolchain.js'
import type { Mode } from './build-flags.js'
import { parseDiagnostics } from './diagnostics.js'
import type { CompileOptions } from './options.js'

export const languageFlags: readonly string[] = ['-std=c++17', '-fsigned-char']

/** A source with its macros and includes, or what is wrong with them. */
export const preprocess = async (
  { clang }: Toolchain,
  source: string,
  name: string,
  mode: Mode,
  options: CompileOptions,
): Promise<{ text: string; errors: readonly Diagnostic[] }> => {
  const defines = Object.entries(options.defines ?? {}).map(
    ([key, value]) => `-D${key}=${value === true ? '1' : value === false ? '0' : String(value)}`,
  )
  const include = (options.includeDirectories ?? []).flatMap((folder) => ['-I', folder])
  const parameters = [
    '-E',
    '-x',
    'c++',
    ...languageFlags,
    '-nostdinc',
    ...metalDefines,
    ...(mode === 'counting' ? ['-DMETAL_SIM_COUNTING=1'] : []),
    ...defines,
    ...include,
    '-isystem',
    includeDirectory,
    '-isystem',
    join(includeDirectory, 'sim_host'),
    '-',
  ]
  const input = `#include <metal_stdlib>\n# 1 "${name.replaceAll(/["\\]/g, '\\$&')}"\n${source}\n`
  const result = await runProcess(clang, parameters, { input, signal: options.signal })
  if (result.status === 0) return { text: result.stdout, errors: [] }
  const errors = parseDiagnostics(result.stderr)
  return { text: '', errors: errors.length > 0 ? errors : [unknown(name, result.stderr)] }
}

// Something that has no place.
const unknown = (file: string, message: string): Diagnostic => ({
  severity: 'error',
  rule: 'clang',
  message,
  file,
  line: 1,
  column: 0,
})

const metalDefines = [
  '-U__cplusplus',
  '-D__cplusplus=201402L',
  '-D__METAL__=1',
  '-D__METAL_VERSION__=310',
  '-D__METAL_MACOS__=1',
  '-D__METAL_SIM__=1',
  '-D__HAVE_BFLOAT__=1',
  '-U__linux__',
  '-U__unix__',
  '-U__x86_64__',
  '-U__SSE__',
  '-U__SSE2__',
  '-Wno-builtin-macro-redefined',
]
