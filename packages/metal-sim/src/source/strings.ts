import { openOf } from './scan.js'
import { spaces } from './spaces.js'
import type { Token } from './tokens.js'

// Their arguments are not code that runs.
const untouched = new Set(['static_assert', '_Static_assert', '_Pragma', '__attribute__', 'asm', '__asm__', 'alignas'])

/**
 * Strings lie in the constant address space in Metal, which clang does not know of C++: those that are arguments become arrays there.
 */
export const rewriteStrings = (tokens: Token[]): void => {
  const names = new Map<string, string>()
  for (let i = 1; i < tokens.length; i++) {
    const token = tokens[i]
    if (token.kind !== 'string' || !token.text.startsWith('"') || tokens[i + 1]?.kind === 'string') continue
    if (!isArgument(tokens, i)) continue
    const name = names.get(token.text) ?? `sim_string_${String(names.size)}`
    names.set(token.text, name)
    token.text = `::${name}`
  }
  tokens[1].lead = [...names]
    .map(([text, name]) => `static constexpr ${spaces.constant} char ${name}[] = ${text}; `)
    .join('')
    .concat(tokens[1].lead)
}

const isArgument = (tokens: readonly Token[], index: number): boolean => {
  const before = tokens[index - 1].text
  if (before !== '(' && before !== ',') return false
  let depth = 0
  for (let i = index - 1; i > 0; i--) {
    const { text } = tokens[i]
    if (text === ')' || text === ']' || text === '}') i = openOf(tokens, i)
    else if (text === '(')
      return tokens[i - 1].kind === 'identifier' && !untouched.has(tokens[i - 1].text) && depth === 0
    else if (text === '{' || text === '[' || text === ';') depth++
    if (depth > 0) return false
  }
  return false
}
