import { angleOf, closeOf } from './scan.js'
import type { Token } from './tokens.js'
import { isMask, isVector, typeBefore } from './vector-types.js'

const operandStart = new Set(['(', '-', '+', '!', '~', '*', '&', '++', '--', '::'])
/** Words before a parenthesis that are no function. */
export const statementWords: ReadonlySet<string> = new Set(['return', 'case', 'else', 'do', 'and', 'or', 'not'])

/** static_cast<float4>(x) */
export const rewriteStaticCast = (tokens: Token[], at: number, names: ReadonlySet<string>): void => {
  const close = angleOf(tokens, at + 1)
  if (close < 0) return
  const last = tokens[close - 1]
  const simple = close === at + 3 || tokens[close - 2].text === '::'
  if ((simple && names.has(last.text)) || isVector(tokens, close - 1)) {
    const open = close + 1
    tokens[at].text = isMask(tokens, open + 1, closeOf(tokens, open)) ? '::metal::sim_make_mask' : '::metal::sim_make'
  }
}

/** (float4)x */
export const rewriteCast = (tokens: Token[], open: number, names: ReadonlySet<string>): void => {
  const close = closeOf(tokens, open)
  const type = typeBefore(tokens, close, names)
  if (type !== open + 1) return
  const before = tokens[open - 1]
  const next = tokens[close + 1]
  if (before.text === ')' || before.text === ']' || (before.kind === 'identifier' && !statementWords.has(before.text)))
    return
  const plain = next.kind === 'identifier' || next.kind === 'number' || next.text === '('
  if (!plain && (before.text === '>' || !operandStart.has(next.text))) return
  const end = operandEnd(tokens, close + 1)
  tokens[open].text = '::metal::sim_make<'
  tokens[close].text = '>'
  tokens[close + 1].lead = `(${tokens[close + 1].lead}`
  tokens[end - 1].trail += ')'
}

// Index behind the operand of a cast that begins at `first`.
const operandEnd = (tokens: readonly Token[], first: number): number => {
  let i = first
  while (operandStart.has(tokens[i].text) && tokens[i].text !== '(') i++
  if (tokens[i].text === '(') {
    const close = closeOf(tokens, i)
    // Another cast, or a parenthesized expression.
    const inner = tokens[close + 1]
    if ((inner.kind === 'identifier' || inner.kind === 'number') && !statementWords.has(inner.text))
      return operandEnd(tokens, close + 1)
    i = close + 1
  } else i++
  for (;;) {
    const { text } = tokens[i]
    if (text === '(' || text === '[') i = closeOf(tokens, i) + 1
    else if (text === '.' || text === '->' || text === '::') i += tokens[i + 1].text === 'template' ? 3 : 2
    else if (text === '++' || text === '--') i++
    else if (text === '<' && tokens[i - 1].kind === 'identifier') {
      const close = angleOf(tokens, i)
      if (close < 0 || tokens[close + 1].text !== '(') return i
      i = close + 1
    } else return i
  }
}
