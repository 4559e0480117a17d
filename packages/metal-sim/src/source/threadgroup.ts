import type { Declaration } from './declarations.js'
import type { Findings } from './findings.js'
import { angleOf, closeOf, erase, findAtTop, openOf, splitCommas } from './scan.js'
import { type Token, spelling } from './tokens.js'

const arithmetic = new Set(['unsigned', 'signed', 'long', 'short', 'int', 'char', 'bool', 'float', 'half'])

/** Turns `threadgroup T a[n], b;` of function bodies into references to memory that the runner gives to the threadgroup. */
export const rewriteThreadgroupVariables = (
  tokens: Token[],
  declarations: readonly Declaration[],
  findings: Findings,
): void => {
  let count = 0
  for (const declaration of declarations) {
    if (declaration.kind !== 'function' || declaration.bodyOpen < 0) continue
    for (let i = declaration.bodyOpen + 1; i < declaration.bodyClose; i++) {
      if (tokens[i].text !== 'threadgroup') continue
      const start = statementStart(tokens, i)
      if (start < 0) continue
      count = rewriteStatement(tokens, start, i, count, findings)
    }
  }
}

// Where the statement with a `threadgroup` begins if only qualifiers are before it, else -1.
const statementStart = (tokens: readonly Token[], at: number): number => {
  let i = at
  for (;;) {
    const before = tokens[i - 1]
    if (before.text === '{' || before.text === '}' || before.text === ';' || before.text === ':') return i
    if (before.text === 'volatile' || before.text === 'const' || before.text === 'constexpr') i--
    else if (before.text === ')') {
      const open = openOf(tokens, i - 1)
      if (tokens[open - 1]?.text !== 'alignas') return -1
      i = open - 1
    } else return -1
  }
}

const rewriteStatement = (tokens: Token[], start: number, at: number, count: number, findings: Findings): number => {
  const alignment = tokens[start].text === 'alignas' ? spelling(tokens, start + 2, closeOf(tokens, start + 1)) : '0'
  const declarator = typeEnd(tokens, at + 1)
  const stop = findAtTop(tokens, at, tokens.length, ';')
  const first = tokens[declarator]
  // A pointer or reference to threadgroup memory is a variable of the thread.
  if (stop < 0 || first.kind !== 'identifier') return count
  const type = spelling(tokens, at + 1, declarator)
  let text = ''
  for (const [from, end] of splitCommas(tokens, declarator, stop)) {
    const name = tokens[from]
    let to = from + 1
    let dimensions = ''
    while (to < end && tokens[to].text === '[') {
      const close = closeOf(tokens, to)
      dimensions += `[(${spelling(tokens, to + 1, close)})]`
      to = close + 1
    }
    if (to < end)
      findings.warning(
        'threadgroup-initializer',
        name,
        `the initializer of threadgroup variable '${name.text}' is not run: its memory begins undefined`,
      )
    const key = `sim_key_${String(count++)}`
    text += ` static char ${key}; auto& ${name.text} = ::metal::sim_threadgroup<${type}${dimensions}, (${alignment})>(&${key});`
  }
  erase(tokens, start, stop)
  tokens[start].lead += text.trimEnd().slice(0, -1)
  return count
}

// Index of the token behind a type.
const typeEnd = (tokens: readonly Token[], first: number): number => {
  let i = first
  let named = false
  for (;;) {
    const token = tokens[i]
    if (token.text === 'const' || token.text === 'volatile' || token.text === 'struct' || token.text === 'typename') i++
    else if (arithmetic.has(token.text)) {
      named = true
      i++
    } else if (!named && token.text === 'decltype') {
      named = true
      i = closeOf(tokens, i + 1) + 1
    } else if (!named && (token.kind === 'identifier' || token.text === '::')) {
      if (token.text === '::') i++
      i++
      for (;;) {
        if (tokens[i].text === '<') {
          const close = angleOf(tokens, i)
          if (close < 0) return i
          i = close + 1
        } else if (tokens[i].text === '::') i += tokens[i + 1].text === 'template' ? 3 : 2
        else break
      }
      named = true
    } else return i
  }
}
