import { ToolchainError } from '../errors.js'
import { type Module, parseModule } from '../ir/module.js'
import { checkModule } from '../ir/rules.js'
import { runProcess } from '../process.js'
import type { Diagnostic } from '../source/findings.js'
import { placeKey } from '../source/conditionals.js'
import { type Rewritten, rewrite } from '../source/rewrite.js'
import { type Toolchain, processorFlags } from '../toolchain.js'
import { type Mode, flagsOf, readBuildFlags } from './build-flags.js'
import { parseDiagnostics } from './diagnostics.js'
import { languageFlags } from './preprocess.js'

/** A rewritten source as IR with address spaces, and what is wrong with it. */
export interface Analysis {
  /** Null when there are errors that keep clang from it. */
  readonly module: Module | null
  readonly diagnostics: readonly Diagnostic[]
}

const conditional = /^incompatible operand types|^conditional expression is ambiguous/

export const analyze = async (
  toolchain: Toolchain,
  text: string,
  rewritten: Rewritten,
  mode: Mode,
  signal: AbortSignal | undefined,
): Promise<Analysis> => {
  const { clang } = toolchain
  const parameters = frontendParameters(toolchain, mode)
  const run = (source: string): ReturnType<typeof runProcess> =>
    runProcess(clang, parameters, { input: source, signal })
  let result = await run(rewritten.source)
  // Operands in two address spaces: those behind template instantiations come to light one after the other.
  const copied = new Set<string>()
  for (;;) {
    const places = parseDiagnostics(result.stderr)
      .filter(({ message }) => conditional.test(message))
      .map(placeKey)
    if (places.every((place) => copied.has(place))) break
    for (const place of places) copied.add(place)
    result = await run(rewrite(text, copied).source)
  }
  const found = [...rewritten.diagnostics, ...parseDiagnostics(result.stderr)]
  const failed = found.some(({ severity }) => severity === 'error')
  if (result.status !== 0) {
    if (failed) return { module: null, diagnostics: found }
    throw new ToolchainError(`[metal-sim] ${clang} failed:\n${result.stderr}`)
  }
  const module = parseModule(result.stdout)
  return { module, diagnostics: [...found, ...checkModule(module, rewritten.spaced)] }
}

/** How clang is called: C++ from stdin, IR to stdout. */
export const frontendParameters = ({ target }: Toolchain, mode: Mode): string[] => [
  '-x',
  'c++-cpp-output',
  ...flagsOf(readBuildFlags().library.frontend, mode),
  ...processorFlags(),
  ...frontendFlags,
  ...(mode === 'counting' ? ['-ffp-contract=on'] : []),
  // clang asks the host of SYCL about bfloat.
  ...['-Xclang', '-aux-triple', '-Xclang', target],
  '-o',
  '-',
  '-',
]

const frontendFlags = [
  ...languageFlags,
  '-nostdinc',
  '-S',
  '-emit-llvm',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-threadsafe-statics',
  '-ferror-limit=50',
  '-fno-caret-diagnostics',
  '-Wno-everything',
  // Absolute names would lose what they share with the current folder, and places be other than those of the tokens.
  '-fdebug-compilation-dir=/',
  '-Werror=return-type',
  ...[
    '-disable-llvm-passes',
    '-fsycl-is-device',
    '-ffake-address-space-map',
    '-ffloat16-excess-precision=none',
    '-fbfloat16-excess-precision=none',
  ].flatMap((flag) => ['-Xclang', flag]),
]
