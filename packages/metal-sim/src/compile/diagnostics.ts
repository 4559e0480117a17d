import { includeDirectory } from '../paths.js'
import type { Diagnostic } from '../source/findings.js'

const line = /^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$/

/** What clang says, as data. Notes follow what they belong to. */
export const parseDiagnostics = (stderr: string): Diagnostic[] => {
  const found: Diagnostic[] = []
  for (const text of stderr.split('\n')) {
    const match = line.exec(text)
    if (!match) continue
    const [, file = '', row = '0', column = '0', severity = '', message = ''] = match
    found.push({
      severity: severity === 'fatal error' ? 'error' : (severity as Diagnostic['severity']),
      rule: 'clang',
      message: inMetalWords(message),
      file,
      line: Number(row),
      column: Number(column),
    })
  }
  return found.map((diagnostic, index) => atUser(found, diagnostic, index))
}

// What goes wrong inside the headers is told where the user's source calls them, if clang says where that is.
const atUser = (all: readonly Diagnostic[], diagnostic: Diagnostic, index: number): Diagnostic => {
  if (diagnostic.severity !== 'error' || !ofHeader(diagnostic.file)) return diagnostic
  for (let i = index + 1; i < all.length && all[i].severity === 'note'; i++) {
    const { file, line, column, message } = all[i]
    if (!ofHeader(file) && message.includes('requested here')) return { ...diagnostic, file, line, column }
  }
  return diagnostic
}

const ofHeader = (file: string): boolean => file.startsWith(includeDirectory)

// Names that the compiler gives to Metal's words.
const words: [RegExp, string][] = [
  [/__attribute__\(\(opencl_global_device\)\)|__global_device|\bSYdevice\b|\bopencl_global_device\b/g, 'device'],
  [
    /const __attribute__\(\(opencl_global_host\)\)|__attribute__\(\(opencl_global_host\)\)|\bopencl_global_host\b/g,
    'constant',
  ],
  [/__attribute__\(\(opencl_local\)\)|\bopencl_local\b/g, 'threadgroup'],
  [/__attribute__\(\(ext_vector_type\((\d)\)\)\)/g, 'vector of $1'],
  [/\b_Float16\b/g, 'half'],
  [/\b__bf16\b/g, 'bfloat'],
]

const inMetalWords = (message: string): string => {
  let text = message
  for (const [pattern, word] of words) text = text.replace(pattern, word)
  if (/^'[^']+' file not found$/.test(text))
    return `${text}. Metal has no host library; other headers need an include directory.`
  return text
}
