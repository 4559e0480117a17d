import { rewriteArrayParameters } from './array-parameters.js'
import { takeAttributes } from './attributes.js'
import { rewriteConditionals } from './conditionals.js'
import { type ConstantSource, rewriteConstants } from './constants.js'
import { type Declaration, parseDeclarations } from './declarations.js'
import { epilogue } from './epilogue.js'
import { type Diagnostic, Findings } from './findings.js'
import { type KernelSource, findKernels } from './kernels.js'
import { rewriteStrings } from './strings.js'
import { rewriteMethods } from './methods.js'
import { checkRules } from './rules.js'
import { erase } from './scan.js'
import { rewriteWords } from './spaces.js'
import { rewriteThreadgroupVariables } from './threadgroup.js'
import { type Token, textOf, tokenize } from './tokens.js'
import { rewriteVectors } from './vectors.js'

export interface Rewritten {
  /** C++ for clang. */
  readonly source: string
  readonly kernels: readonly KernelSource[]
  readonly constants: readonly ConstantSource[]
  /** Places (`file:line`) of member functions that may be called in other address spaces than `thread`. */
  readonly spaced: ReadonlySet<string>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Turns a preprocessed Metal source into C++, and says what breaks Metal's rules as far as words show it.
 * `conditionals`: places of `?` whose operands are to be copied first.
 */
export const rewrite = (preprocessed: string, conditionals: ReadonlySet<string> = new Set()): Rewritten => {
  const findings = new Findings()
  const tokens = takeAttributes(tokenize(preprocessed))
  const all = parseDeclarations(tokens)
  checkRules(tokens, all, findings)
  const { declarations, spaced } = rewriteMethods(tokens, withoutStages(tokens, all))
  const kernels = findKernels(tokens, declarations, findings)
  rewriteArrayParameters(tokens, declarations)
  const program = rewriteConstants(tokens, declarations, findings)
  rewriteVectors(tokens, declarations)
  rewriteConditionals(tokens, conditionals)
  rewriteThreadgroupVariables(tokens, declarations, findings)
  rewriteStrings(tokens)
  rewriteWords(tokens, findings)
  return {
    source: textOf(tokens) + epilogue(kernels, program),
    kernels,
    constants: program.constants,
    spaced,
    diagnostics: findings.all,
  }
}

// Vertex and fragment functions are no part of a compute library.
const withoutStages = (tokens: Token[], declarations: readonly Declaration[]): Declaration[] =>
  declarations.filter((declaration) => {
    const stage = (name: string): boolean => name === 'vertex' || name === 'fragment'
    const other =
      declaration.kind === 'function'
      && (declaration.attributes.some(({ name }) => stage(name)) || stage(tokens[declaration.first].text))
    if (other) erase(tokens, declaration.first, declaration.end)
    return !other
  })
