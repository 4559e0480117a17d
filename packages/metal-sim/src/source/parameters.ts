import { builtins } from './builtins.js'
import type { Declaration } from './declarations.js'
import type { Findings } from './findings.js'
import { integerOf } from './integers.js'
import { splitCommas } from './scan.js'
import { type Attribute, type Token, spelling } from './tokens.js'

export interface ParameterSource {
  readonly name: string
  readonly type: string
  readonly kind: 'buffer' | 'threadgroup' | 'builtin'
  readonly index: number
  /** `thread_position_in_grid` and the like; empty for memory. */
  readonly builtin: string
  /** Function constant without which the argument is absent. */
  readonly condition: string | null
}

/** Parameters of a kernel, with their attributes; says what is wrong with them. */
export const readParameters = (
  tokens: readonly Token[],
  declaration: Declaration,
  findings: Findings,
): ParameterSource[] => {
  const parameters: ParameterSource[] = []
  const taken = new Map<string, string>()
  for (const [first, end] of splitCommas(tokens, declaration.open + 1, declaration.close)) {
    const parameter = readParameter(tokens, first, end, findings)
    if (!parameter) continue
    if (parameter.kind !== 'builtin' && parameter.index !== implicit) {
      const key = `${parameter.kind}(${String(parameter.index)})`
      // Two arguments may share an index when function constants choose between them.
      if (taken.has(key) && parameter.condition === null)
        findings.error(
          'duplicate-index',
          tokens[first],
          `'${parameter.name}' and '${taken.get(key) ?? ''}' are both [[${key}]]`,
        )
      taken.set(key, parameter.name)
    }
    parameters.push(parameter)
  }
  return parameters.map((parameter) => {
    if (parameter.index !== implicit) return parameter
    let index = 0
    while (taken.has(`${parameter.kind}(${String(index)})`)) index++
    taken.set(`${parameter.kind}(${String(index)})`, parameter.name)
    return { ...parameter, index }
  })
}

// Memory without an attribute takes the first index that is left, as Metal's compiler gives them.
const implicit = -1

const readParameter = (
  tokens: readonly Token[],
  first: number,
  end: number,
  findings: Findings,
): ParameterSource | null => {
  const attributes: Attribute[] = []
  let name = -1
  for (let i = first; i < end; i++) {
    const token = tokens[i]
    if (token.kind === 'identifier' && (token.attributes !== undefined || name < 0 || attributes.length === 0)) name = i
    attributes.push(...(token.attributes ?? []))
  }
  const at = tokens[first]
  if (name < 0) return null
  if (name === first && tokens[first].text === 'void') return null
  const text = tokens[name].text
  const type = spelling(tokens, first, name) + spelling(tokens, name + 1, end)
  const condition = argumentOf(attributes, 'function_constant')
  const base = { name: text, type, condition, builtin: '' }
  for (const attribute of attributes) {
    if (attribute.name === 'buffer' || attribute.name === 'threadgroup') {
      const index = integerOf(attribute.argument)
      const limit = 31
      if (!Number.isInteger(index) || index < 0 || index >= limit)
        findings.error(
          'index',
          at,
          `[[${attribute.name}(${attribute.argument ?? ''})]] of '${text}' must be a number from 0 to ${String(limit - 1)}`,
        )
      checkSpace(tokens, first, name, end, attribute.name, findings)
      return { ...base, kind: attribute.name, index }
    }
    if (builtins.has(attribute.name)) return { ...base, kind: 'builtin', index: 0, builtin: attribute.name }
  }
  const memory = attributes.some(({ name }) => name !== 'function_constant')
    ? null
    : implicitKind(tokens, first, name, end)
  if (memory !== null) return { ...base, kind: memory, index: implicit }
  const wanted = 'an attribute: [[buffer(n)]], [[threadgroup(n)]] or a built-in such as [[thread_position_in_grid]]'
  const got = attributes.map((attribute) => `[[${attribute.name}]]`).join(' ')
  findings.error(
    'missing-attribute',
    at,
    `parameter '${text}' of a kernel needs ${wanted}${got === '' ? '' : `; got ${got}`}`,
  )
  return { ...base, kind: 'builtin', index: 0, builtin: 'thread_position_in_grid' }
}

const implicitKind = (
  tokens: readonly Token[],
  first: number,
  name: number,
  end: number,
): 'buffer' | 'threadgroup' | null => {
  let space: 'buffer' | 'threadgroup' | null = null
  // An array is a pointer.
  let pointer = name + 1 < end && tokens[name + 1].text === '['
  for (let i = first; i < name; i++) {
    const { text } = tokens[i]
    if (text === 'device' || text === 'constant') space = 'buffer'
    else if (text === 'threadgroup') space ??= 'threadgroup'
    else if (text === '*' || text === '&') pointer = true
  }
  return pointer ? space : null
}

const checkSpace = (
  tokens: readonly Token[],
  first: number,
  name: number,
  end: number,
  kind: 'buffer' | 'threadgroup',
  findings: Findings,
): void => {
  const words = new Set<string>()
  for (let i = first; i < name; i++) words.add(tokens[i].text)
  const allowed = kind === 'buffer' ? ['device', 'constant'] : ['threadgroup']
  const at = tokens[name]
  if (!words.has('*') && !words.has('&') && !(name + 1 < end && tokens[name + 1].text === '['))
    findings.error('parameter-type', at, `'${at.text}' is a [[${kind}]] and must be a pointer or a reference`)
  else if (!allowed.some((space) => words.has(space)))
    findings.error(
      'address-space',
      at,
      `'${at.text}' is a [[${kind}]] and needs the address space ${allowed.join(' or ')}`,
    )
}

/** Text in the parentheses of an attribute. */
export const argumentOf = (attributes: readonly Attribute[], name: string): string | null =>
  attributes.find((attribute) => attribute.name === name)?.argument ?? null
