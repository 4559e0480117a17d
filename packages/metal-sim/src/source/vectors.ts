import type { Declaration } from './declarations.js'
import { rewriteCast, rewriteStaticCast, statementWords } from './casts.js'
import { closeOf, openOf, splitCommas } from './scan.js'
import type { Token } from './tokens.js'
import { isMask, isVector, typeBefore, typeNames } from './vector-types.js'

// Metal builds and converts vectors as `float4(a, b)`, `float4{a, b}`, `(float4)x` and `static_cast<float4>(x)`; clang's vectors know none of
// them with this meaning. All become calls of metal::sim_make, for every name that may stand for a vector: a vector type, a type parameter of a
// template, an alias.

export const rewriteVectors = (tokens: Token[], declarations: readonly Declaration[]): void => {
  const names = typeNames(tokens)
  const bodies = new Uint8Array(tokens.length)
  for (const { kind, bodyOpen, bodyClose } of declarations)
    if (kind === 'function' && bodyOpen >= 0) bodies.fill(1, bodyOpen, bodyClose + 1)

  for (let i = 1; i < tokens.length; i++) {
    const { text } = tokens[i]
    if (text === 'static_cast') {
      rewriteStaticCast(tokens, i, names)
      continue
    }
    if (text !== '(' && text !== '{') continue
    const type = typeBefore(tokens, i, names)
    if (type >= 0) {
      rewriteConstruction(tokens, type, i)
      continue
    }
    if (text === '{' && bodies[i]) rewriteArgument(tokens, i)
    if (text === '(' && bodies[i]) {
      const declared = tokens[i - 1].kind === 'identifier' ? typeBefore(tokens, i - 1, names) : -1
      if (declared >= 0 && isVector(tokens, i - 2)) rewriteVariable(tokens, declared, i)
      else rewriteCast(tokens, i, names)
    }
  }
}

const rewriteConstruction = (tokens: Token[], type: number, open: number): void => {
  const brace = tokens[open].text === '{'
  const close = closeOf(tokens, open)
  // T() and T{} are zeros in either language. Braces of other types than vectors may be those of a body or a list.
  if (close === open + 1) return
  if (brace && (!isVector(tokens, open - 1) || tokens[type - 1].text === '->' || tokens[type - 1].text === ')')) return
  const next = tokens[open + 1]
  // A declarator: T (*name)(…), T (&name)[n].
  if (!brace && (next.text === '*' || next.text === '&') && isDeclarator(tokens, type, close)) return
  wrap(tokens, type, open, isMask(tokens, open + 1, close))
  if (brace) {
    tokens[open].text = '('
    tokens[close].text = ')'
  }
}

const isDeclarator = (tokens: readonly Token[], type: number, close: number): boolean => {
  const after = tokens[close + 1].text
  const before = tokens[type - 1]
  return (after === '(' || after === '[') && (before.kind === 'identifier' || ';{}(,<'.includes(before.text))
}

const wrap = (tokens: Token[], type: number, end: number, mask: boolean): void => {
  const first = tokens[type]
  first.lead += `::metal::${mask ? 'sim_make_mask' : 'sim_make'}<`
  tokens[end - 1].trail += '>'
}

// float4 v(a, b);
const rewriteVariable = (tokens: Token[], type: number, open: number): void => {
  const close = closeOf(tokens, open)
  if (close === open + 1) return
  const typeText = tokens
    .slice(type, open - 1)
    .map((token) => token.text)
    .join(' ')
  tokens[open].lead += `= ::metal::sim_make<${typeText}>`
}

// f({a, b, c}): clang takes no list for a vector here.
const rewriteArgument = (tokens: Token[], open: number): void => {
  const before = tokens[open - 1].text
  const close = closeOf(tokens, open)
  const after = tokens[close + 1].text
  if ((before !== '(' && before !== ',') || (after !== ')' && after !== ',')) return
  // Of a call, and not of `for (`, or an expression in parentheses.
  let call = open - 1
  for (; tokens[call].text !== '('; call--) {
    const { text, kind } = tokens[call]
    if (text === ')' || text === '}' || text === ']') call = openOf(tokens, call)
    else if (text === '{' || text === ';' || kind === 'begin') return
  }
  const callee = tokens[call - 1]
  if (callee.text !== '>' && (callee.kind !== 'identifier' || statementWords.has(callee.text) || callee.text === 'for'))
    return
  const parts = splitCommas(tokens, open + 1, close)
  if (parts.length < 2 || parts.length > 4) return
  for (let i = open + 1; i < close; i++)
    if (tokens[i].text === ';' || (tokens[i].text === '.' && tokens[i - 1].text === '{')) return
  tokens[open].text = '::metal::sim_list('
  tokens[close].text = ')'
}
