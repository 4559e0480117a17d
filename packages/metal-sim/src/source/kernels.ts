import type { Declaration } from './declarations.js'
import type { Findings } from './findings.js'
import { integerOf } from './integers.js'
import { type ParameterSource, argumentOf, readParameters } from './parameters.js'
import { type Attribute, type Token, spelling } from './tokens.js'

/** An entry point as the source has it. */
export interface KernelSource {
  readonly name: string
  /** Name of a generated constant with the function's address, with its namespaces. */
  readonly symbol: string
  readonly maxThreads: number
  readonly parameters: readonly ParameterSource[]
  readonly file: string
  readonly line: number
}

/** Finds kernels, marks where their addresses are taken, and checks their signatures. */
export const findKernels = (
  tokens: readonly Token[],
  declarations: readonly Declaration[],
  findings: Findings,
): KernelSource[] => {
  const kernels: KernelSource[] = []
  const signatures = new Map<string, ParameterSource[]>()
  const isKernel = (declaration: Declaration): boolean => {
    if (declaration.attributes.some((attribute) => attribute.name === 'kernel')) return true
    for (let i = declaration.first; i < declaration.open; i++) if (tokens[i].text === 'kernel') return true
    return false
  }
  const add = (
    declaration: Declaration,
    name: string,
    expression: string,
    at: Token,
    parameters: ParameterSource[],
  ): void => {
    const symbol = `sim_function_${String(kernels.length)}`
    const last = tokens[declaration.end - 1]
    last.trail += ` static constexpr auto ${symbol} = &${expression};`
    const limit = integerOf(argumentOf(declaration.attributes, 'max_total_threads_per_threadgroup') ?? '0')
    kernels.push({
      name,
      symbol: `${declaration.scope}::${symbol}`,
      maxThreads: Number.isNaN(limit) ? 0 : limit,
      parameters,
      file: at.file,
      line: at.line,
    })
  }

  for (const declaration of declarations) {
    if (declaration.name < 0) continue
    const at = tokens[declaration.name]
    if (declaration.kind === 'function' && isKernel(declaration)) {
      checkResult(tokens, declaration, findings)
      const parameters = readParameters(tokens, declaration, findings)
      signatures.set(at.text, parameters)
      if (!declaration.template && declaration.bodyOpen >= 0)
        add(declaration, hostName(declaration.attributes) ?? at.text, at.text, at, parameters)
    } else if (declaration.kind === 'instantiation') {
      const expression = spelling(tokens, declaration.name, declaration.close + 1)
      const parameters = signatures.get(at.text)
      if (!parameters) continue
      const first = tokens[declaration.first]
      for (let i = declaration.first; i < declaration.end; i++) tokens[i].text = ''
      add(declaration, hostName(declaration.attributes) ?? expression, expression, first, parameters)
    }
  }
  checkNames(kernels, findings, tokens)
  return kernels
}

// The argument is a string, or several that are joined.
const hostName = (attributes: readonly Attribute[]): string | null => {
  const argument = argumentOf(attributes, 'host_name')
  if (argument === null) return null
  return [...argument.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((found) => found[1]).join('')
}

const checkResult = (tokens: readonly Token[], declaration: Declaration, findings: Findings): void => {
  for (let i = declaration.first; i < declaration.name; i++) if (tokens[i].text === 'void') return
  const at = tokens[declaration.name]
  findings.error('kernel-result', at, `kernel '${at.text}' must return void`)
}

const checkNames = (kernels: readonly KernelSource[], findings: Findings, tokens: readonly Token[]): void => {
  const seen = new Set<string>()
  for (const kernel of kernels) {
    if (seen.has(kernel.name)) {
      const at = { ...tokens[0], file: kernel.file, line: kernel.line }
      findings.error('kernel-name', at, `two kernels have the name '${kernel.name}'`)
    }
    seen.add(kernel.name)
  }
}
