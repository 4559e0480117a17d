import type { Declaration } from './declarations.js'
import type { Findings } from './findings.js'
import { integerOf } from './integers.js'
import { erase, findAtTop } from './scan.js'
import { spaces } from './spaces.js'
import { type Token, spelling } from './tokens.js'

/** A `[[function_constant(n)]]` of a source. */
export interface ConstantSource {
  readonly name: string
  readonly type: string
  readonly index: number
  /** Generated globals, with their namespaces. */
  readonly storage: string
  readonly defined: string
}

export interface ProgramConstants {
  readonly constants: readonly ConstantSource[]
  /** Generated functions that compute constants which depend on function constants, in order. */
  readonly initializers: readonly string[]
  /** Name in the source -> name with namespaces, of every constant that the host can change. */
  readonly names: ReadonlyMap<string, string>
}

/**
 * Program-scope variables. Function constants become globals that the host sets, behind a read-only reference of the same name; constants that
 * depend on them are computed when they are set.
 */
export const rewriteConstants = (
  tokens: Token[],
  declarations: readonly Declaration[],
  findings: Findings,
): ProgramConstants => {
  const constants: ConstantSource[] = []
  const initializers: string[] = []
  const names = new Map<string, string>()
  const space = spaces.constant
  for (const declaration of declarations) {
    if (declaration.kind !== 'variable' || declaration.owner >= 0 || declaration.name < 0) continue
    const name = tokens[declaration.name]
    const words = new Set<string>()
    for (let i = declaration.first; i < declaration.name; i++) words.add(tokens[i].text)
    if (!words.has('constant')) {
      findings.error(
        'program-scope',
        name,
        `program-scope variable '${name.text}' must be in the constant address space`,
      )
      continue
    }
    const attribute = declaration.attributes.find((one) => one.name === 'function_constant')
    const equals = findAtTop(tokens, declaration.name, declaration.end, '=', '{')
    if (attribute) {
      const id = String(constants.length)
      const index = integerOf(attribute.argument)
      if (!Number.isInteger(index) || index < 0 || index > 65535)
        findings.error(
          'index',
          name,
          `[[function_constant(${attribute.argument ?? ''})]] must be a number from 0 to 65535`,
        )
      if (equals >= 0)
        findings.error('function-constant', name, `function constant '${name.text}' cannot have an initializer`)
      const type = plainType(tokens, declaration.first, declaration.name)
      const first = tokens[declaration.first]
      const { text } = name
      erase(tokens, declaration.first, declaration.end - 1)
      first.lead = `static ${space} ${type} sim_constant_${id}; static bool sim_defined_${id}; static const ${space} ${type}& ${text} = sim_constant_${id}`
      const storage = `${declaration.scope}::sim_constant_${id}`
      constants.push({ name: text, type, index, storage, defined: `${declaration.scope}::sim_defined_${id}` })
      names.set(text, `${declaration.scope}::${text}`)
    } else if (equals >= 0 && !declaration.template && mentions(tokens, equals, declaration.end, names)) {
      const id = String(initializers.length)
      const type = plainType(tokens, declaration.first, declaration.name)
      const { text } = name
      const lead = `static ${space} ${type} sim_derived_${id}; static const ${space} ${type}& ${text} = sim_derived_${id}; static void sim_derive_${id}() { sim_derived_${id} = ${type}(`
      erase(tokens, declaration.first, tokens[equals].text === '{' ? equals : equals + 1)
      tokens[declaration.first].lead = lead
      tokens[declaration.end - 2].trail += '); }'
      initializers.push(`${declaration.scope}::sim_derive_${id}`)
      names.set(text, `${declaration.scope}::${text}`)
    } else if (equals < 0 && !words.has('extern') && tokens[declaration.name - 1].text !== '::') {
      // `constant float X::table[8];` defines what the class has initialized.
      findings.error('program-scope', name, `constant '${name.text}' needs an initializer or [[function_constant(n)]]`)
    }
  }
  markDefined(tokens, constants)
  return { constants, initializers, names }
}

const qualifiers = new Set(['constant', 'static', 'constexpr', 'const', 'inline', 'extern'])

const plainType = (tokens: readonly Token[], first: number, end: number): string => {
  let text = ''
  for (let i = first; i < end; i++) if (!qualifiers.has(tokens[i].text)) text += ` ${spelling(tokens, i, i + 1)}`
  return text.trim()
}

const mentions = (
  tokens: readonly Token[],
  first: number,
  end: number,
  names: ReadonlyMap<string, string>,
): boolean => {
  for (let i = first; i < end; i++) {
    const token = tokens[i]
    if (token.kind === 'identifier' && (names.has(token.text) || token.text === 'is_function_constant_defined'))
      return true
  }
  return false
}

const markDefined = (tokens: Token[], constants: readonly ConstantSource[]): void => {
  for (let i = 0; i + 3 < tokens.length; i++) {
    if (tokens[i].text !== 'is_function_constant_defined' || tokens[i + 1].text !== '(') continue
    const constant = constants.find((one) => one.name === tokens[i + 2].text)
    if (!constant) continue
    tokens[i].text = ''
    tokens[i + 2].text = constant.defined
  }
}
