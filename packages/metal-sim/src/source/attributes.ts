import { closeOf, splitCommas } from './scan.js'
import { type Attribute, type Token, spelling } from './tokens.js'

// Attributes of C++ that clang knows stay where they are.
const standard = new Set(['maybe_unused', 'nodiscard', 'fallthrough', 'likely', 'unlikely', 'deprecated', 'noreturn'])

/** Takes Metal's attributes off: they hang on the token before them from now on. Returns the tokens that are left. */
export const takeAttributes = (tokens: Token[]): Token[] => {
  const left: Token[] = []
  let carried = ''
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token.text === '[' && tokens[i + 1]?.text === '[' && isAttribute(tokens, i)) {
      const close = closeOf(tokens, i)
      const inner = splitCommas(tokens, i + 2, close - 1)
      const found = inner.map(([first, end]) => readAttribute(tokens, first, end))
      const owner = left.at(-1)
      if (owner) (owner.attributes ??= []).push(...found)
      for (let j = i; j <= close; j++) carried += tokens[j].before
      i = close
      continue
    }
    if (carried !== '') {
      token.before = carried + token.before
      carried = ''
    }
    left.push(token)
  }
  return left
}

const isAttribute = (tokens: readonly Token[], open: number): boolean => {
  const close = closeOf(tokens, open)
  if (tokens[close - 1]?.text !== ']' || closeOf(tokens, open + 1) !== close - 1) return false
  const name = tokens[open + 2]
  return name.kind === 'identifier' && !standard.has(name.text)
}

const readAttribute = (tokens: readonly Token[], first: number, end: number): Attribute => {
  const start = tokens[first]
  let at = first
  // A scope, as in [[clang::unroll]] or [[mlx::x]].
  while (tokens[at + 1]?.text === '::' && at + 2 < end) at += 2
  const name = tokens[at].text
  const open = at + 1
  const argument = open < end && tokens[open].text === '(' ? spelling(tokens, open + 1, closeOf(tokens, open)) : null
  return { name, argument, file: start.file, line: start.line }
}
