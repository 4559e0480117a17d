import { angleBefore, angleOf, closeOf } from './scan.js'
import type { Token } from './tokens.js'

const scalar = 'half|bfloat|float|char|uchar|short|ushort|int|uint|long|ulong|bool'
const vectorName = new RegExp(`^(?:packed_)?(?:${scalar})[234]$`)
const comparisons = new Set(['<', '>', '<=', '>=', '==', '!=', '!', '&&', '||'])

/** Every name that may stand for a vector. */
export const typeNames = (tokens: readonly Token[]): Set<string> => {
  const names = new Set<string>()
  for (let i = 1; i < tokens.length; i++) {
    const { text, kind } = tokens[i]
    if (kind !== 'identifier') continue
    if (vectorName.test(text)) names.add(text)
    else if (text === 'using' && tokens[i + 2]?.text === '=') names.add(tokens[i + 1].text)
    else if (text === 'typedef') {
      let stop = i
      while (tokens[stop].text !== ';' && tokens[stop].kind !== 'end')
        stop += tokens[stop].text === '{' ? closeOf(tokens, stop) - stop : 1
      if (tokens[stop - 1].kind === 'identifier') names.add(tokens[stop - 1].text)
    } else if (
      (text === 'typename' || text === 'class')
      && (tokens[i - 1].text === '<' || tokens[i - 1].text === ',')
    ) {
      const name = tokens[i + 1]
      const next = tokens[i + 2].text
      if (name.kind === 'identifier' && (next === ',' || next === '>' || next === '=')) names.add(name.text)
    }
  }
  return names
}

/** Whether the type whose last token this is is a vector by its name. */
export const isVector = (tokens: readonly Token[], last: number): boolean => {
  if (tokens[last].text !== '>') return vectorName.test(tokens[last].text)
  const open = angleBefore(tokens, last)
  return open > 0 && tokens[open - 1].text === 'vec'
}

/** First token of the type that ends right before `end`, or -1. */
export const typeBefore = (tokens: readonly Token[], end: number, names: ReadonlySet<string>): number => {
  let first = end - 1
  if (tokens[first].text === '>') {
    const open = angleBefore(tokens, first)
    if (open < 1 || tokens[open - 1].text !== 'vec') return -1
    first = open - 1
  } else if (!names.has(tokens[first].text)) return -1
  while (tokens[first - 1].text === '::' && tokens[first - 2].kind === 'identifier') first -= 2
  const before = tokens[first - 1].text
  if (
    before === 'operator'
    || before === '~'
    || before === '.'
    || before === '->'
    || before === 'struct'
    || before === 'class'
  )
    return -1
  return first
}

/** Whether an expression is a comparison: clang's vectors are then 0 and -1, those of Metal false and true. */
export const isMask = (tokens: readonly Token[], first: number, end: number): boolean => {
  for (let i = first; i < end; i++) {
    const { text } = tokens[i]
    if (text === '(' || text === '[' || text === '{') {
      // (a < b) as a whole
      const close = closeOf(tokens, i)
      if (text === '(' && i === first && close === end - 1) return isMask(tokens, i + 1, close)
      i = close
    } else if (text === ',' || text === '?') return false
    else if (text === '<' && tokens[i - 1].kind === 'identifier') {
      const close = angleOf(tokens, i)
      if (close < 0 || close >= end || tokens[close + 1].text !== '(') return true
      i = close
    } else if (comparisons.has(text)) return true
  }
  return false
}
