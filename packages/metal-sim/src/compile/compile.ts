import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cached, hashOf } from '../cache.js'
import { MetalCompileError, ToolchainError, formatDiagnostic } from '../errors.js'
import type { Module } from '../ir/module.js'
import { countMultiplyAdds, stripAddressSpaces } from '../ir/strip.js'
import { defaultCacheDirectory, runtimeDirectory } from '../paths.js'
import { runProcess } from '../process.js'
import type { Diagnostic } from '../source/findings.js'
import type { KernelSource } from '../source/kernels.js'
import { rewrite } from '../source/rewrite.js'
import { type Toolchain, findToolchain, processorFlags } from '../toolchain.js'
import { type Mode, flagsOf, readBuildFlags } from './build-flags.js'
import { analyze, frontendParameters } from './frontend.js'
import type { CompileOptions } from './options.js'
import { preprocess } from './preprocess.js'

/** A kernel of a compiled source. */
export interface KernelInfo {
  readonly name: string
  readonly parameters: readonly ParameterInfo[]
}

export interface ParameterInfo {
  readonly name: string
  readonly type: string
  readonly kind: 'buffer' | 'threadgroup' | 'builtin'
  /** Of `[[buffer(n)]]` or `[[threadgroup(n)]]`. */
  readonly index: number
  /** Bool function constant without which the argument is absent. */
  readonly condition: string | null
}

export interface ConstantInfo {
  readonly name: string
  readonly type: string
  readonly index: number
}

export interface Program {
  readonly name: string
  readonly mode: Mode
  readonly kernels: readonly KernelInfo[]
  readonly constants: readonly ConstantInfo[]
  /** Warnings that the text alone shows; `check` has those besides that only the compiled code shows. Errors are thrown. */
  readonly diagnostics: readonly Diagnostic[]
  /** The shared object that the runner loads. */
  readonly path: string
}

/**
 * Compiles a Metal source for the simulator.
 * @throws MetalCompileError if the source breaks a rule; ToolchainError if clang is missing or fails in itself.
 */
export const compile = async (source: string, options: CompileOptions = {}): Promise<Program> => {
  const toolchain = await findToolchain(options.clang)
  const mode = options.mode ?? 'checked'
  const name = options.name ?? 'source.metal'
  const cache = options.cacheDirectory === undefined ? defaultCacheDirectory() : resolve(options.cacheDirectory)
  const { text, errors } = await preprocess(toolchain, source, name, mode, options)
  throwErrors(name, errors)
  const rewritten = rewrite(text)
  const found = allowed(rewritten.diagnostics, options)
  const allow = [...(options.allow ?? [])].sort().join(' ')
  const key = hashOf(
    rewritten.source,
    allow,
    toolchain.version,
    runtimeKey(),
    ...frontendParameters(toolchain, mode),
    version,
  )
  const make = async (temporary: string): Promise<void> => {
    const { module, diagnostics } = await analyze(toolchain, text, rewritten, mode, options.signal)
    throwErrors(name, allowed(diagnostics, options))
    if (module) await build(toolchain, module, mode, temporary, options.signal)
  }
  const target = join(cache, 'libraries', `${key}.so`)
  // With clang's errors beside those that are known.
  if (found.some(({ severity }) => severity === 'error')) await make(target)
  const path = await cached(target, make)
  const { kernels, constants } = rewritten
  return {
    name,
    mode,
    kernels: kernels.map(describeKernel),
    constants: constants.map(({ name, type, index }) => ({ name, type, index })),
    diagnostics: found,
    path,
  }
}

export interface CheckResult {
  readonly ok: boolean
  /** Names of the kernels, as far as the source could be read. */
  readonly kernels: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Says what is wrong with a source, and makes nothing that runs. */
export const check = async (source: string, options: CompileOptions = {}): Promise<CheckResult> => {
  const toolchain = await findToolchain(options.clang)
  const mode = options.mode ?? 'checked'
  const { text, errors } = await preprocess(toolchain, source, options.name ?? 'source.metal', mode, options)
  if (errors.length > 0) return { ok: false, kernels: [], diagnostics: errors }
  const rewritten = rewrite(text)
  const analysis = await analyze(toolchain, text, rewritten, mode, options.signal)
  const diagnostics = allowed(analysis.diagnostics, options)
  const ok = !diagnostics.some(({ severity }) => severity === 'error')
  return { ok, kernels: rewritten.kernels.map(({ name }) => name), diagnostics }
}

const allowed = (diagnostics: readonly Diagnostic[], { allow = [] }: CompileOptions): Diagnostic[] =>
  diagnostics.map((one) => (one.rule !== 'clang' && allow.includes(one.rule) ? { ...one, severity: 'warning' } : one))

// The runner and its libraries fit together by these.
let runtime: string | undefined
const runtimeKey = (): string =>
  (runtime ??= hashOf(...['abi.h', 'build.json'].map((file) => readFileSync(join(runtimeDirectory, file), 'utf8'))))
// Of the rules and edits in ../ir: other output, other version.
const version = '6'

const build = async (
  { clang }: Toolchain,
  module: Module,
  mode: Mode,
  output: string,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const stripped = stripAddressSpaces(module.lines)
  const input = `${output}.ll`
  try {
    await writeFile(input, mode === 'counting' ? countMultiplyAdds(stripped) : stripped)
    const flags = [...flagsOf(readBuildFlags().library.backend, mode), ...processorFlags(), '-Wno-everything']
    const result = await runProcess(clang, [...flags, '-o', output, '-x', 'ir', input], { signal })
    if (result.status !== 0) throw new ToolchainError(`[metal-sim] ${clang} failed:\n${result.stderr}`)
  } finally {
    await rm(input, { force: true })
  }
}

const describeKernel = ({ name, parameters }: KernelSource): KernelInfo => ({
  name,
  parameters: parameters.map(({ name, type, kind, index, condition }) => ({ name, type, kind, index, condition })),
})

const throwErrors = (name: string, diagnostics: readonly Diagnostic[]): void => {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length
  if (count === 0) return
  const text = diagnostics.map(formatDiagnostic).join('\n')
  throw new MetalCompileError(
    `[compile] ${name}: ${String(count)} ${count === 1 ? 'error' : 'errors'}\n${text}`,
    diagnostics,
  )
}
