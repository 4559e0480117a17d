import { type Declaration, addressSpaces } from './declarations.js'
import type { Findings } from './findings.js'
import { closeOf, splitCommas } from './scan.js'
import type { Token } from './tokens.js'

const words: Record<string, string> = {
  virtual: 'virtual functions',
  new: 'new',
  try: 'exceptions',
  catch: 'exceptions',
  throw: 'exceptions',
  goto: 'goto',
  dynamic_cast: 'dynamic_cast',
  typeid: 'typeid',
  thread_local: 'thread_local',
  asm: 'inline assembly',
  __asm__: 'inline assembly',
}

/** What Metal's language lacks and clang would take, as far as words show it. */
export const checkRules = (
  tokens: readonly Token[],
  declarations: readonly Declaration[],
  findings: Findings,
): void => {
  for (let i = 1; i < tokens.length; i++) {
    const token = tokens[i]
    const { text } = token
    const before = tokens[i - 1]
    if (token.kind === 'identifier') {
      const what = Object.hasOwn(words, text) ? words[text] : undefined
      if (what !== undefined && before.text !== 'operator')
        findings.error(ruleName(text), token, `Metal has no ${what}`)
      if (text === 'delete' && before.text !== '=' && before.text !== 'operator')
        findings.error('new', token, 'Metal has no delete')
    } else if (text === '[' && isLambda(tokens, i)) findings.error('lambda', token, 'Metal has no lambda expressions')
  }
  for (const declaration of declarations) {
    if (declaration.kind !== 'function') continue
    checkParameters(tokens, declaration, findings)
    checkStatics(tokens, declaration, findings)
  }
}

const ruleName = (word: string): string =>
  word === 'try' || word === 'catch' || word === 'throw'
    ? 'exceptions'
    : word.replaceAll('_', '-').replaceAll(/^-+|-+$/g, '')

const isLambda = (tokens: readonly Token[], open: number): boolean => {
  const before = tokens[open - 1]
  if (
    before.kind === 'number'
    || before.kind === 'string'
    || before.text === ')'
    || before.text === ']'
    || before.text === '>'
  )
    return false
  if (before.kind === 'identifier' && before.text !== 'return') return false
  if (before.text === 'operator' || before.text === '&' || before.text === '*') return false
  const next = tokens[closeOf(tokens, open) + 1]?.text
  return next === '(' || next === '{'
}

// Pointers and references among a function's parameters name their address space, unless a type hides them.
const checkParameters = (tokens: readonly Token[], declaration: Declaration, findings: Findings): void => {
  for (const [first, end] of splitCommas(tokens, declaration.open + 1, declaration.close)) {
    let pointer = ''
    let space = false
    for (let i = first; i < end; i++) {
      const { text } = tokens[i]
      if (text === '=') break
      if (addressSpaces.has(text)) space = true
      else if (text === '(' && tokens[i - 1]?.text === 'decltype') i = closeOf(tokens, i)
      else if (text === '*') pointer = 'pointer'
      else if (text === '&' || text === '&&') pointer ||= 'reference'
    }
    if (pointer !== '' && !space)
      findings.error(
        'address-space',
        tokens[first],
        `${pointer} parameter needs an address space: device, constant, threadgroup or thread`,
      )
  }
}

const checkStatics = (tokens: readonly Token[], declaration: Declaration, findings: Findings): void => {
  if (declaration.bodyOpen < 0) return
  for (let i = declaration.bodyOpen; i < declaration.bodyClose; i++) {
    if (tokens[i].text !== 'static') continue
    let constant = false
    for (let j = i; j < declaration.bodyClose && tokens[j].text !== ';' && tokens[j].text !== '='; j++)
      if (tokens[j].text === 'constant' || tokens[j].text === 'constexpr') constant = true
    if (!constant) findings.error('static', tokens[i], 'Metal has no static variables in functions')
  }
}
