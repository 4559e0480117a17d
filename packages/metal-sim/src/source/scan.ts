import type { Token } from './tokens.js'

const closing: Partial<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Index of the bracket that closes the one at `open`; the last token if none does. */
export const closeOf = (tokens: readonly Token[], open: number): number => {
  const stack: string[] = []
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i].text
    const close = closing[text]
    if (close !== undefined) stack.push(close)
    else if (text === ')' || text === ']' || text === '}') {
      while (stack.length > 0 && stack.at(-1) !== text) stack.pop()
      stack.pop()
      if (stack.length === 0) return i
    }
  }
  return tokens.length - 1
}

/** Index of the `>` that closes the `<` at `open`, or -1 when it is an operator. */
export const angleOf = (tokens: readonly Token[], open: number): number => {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i].text
    if (text === '<') depth++
    else if (text === '>') {
      if (--depth === 0) return i
    } else if (text === '(' || text === '[' || text === '{') i = closeOf(tokens, i)
    else if (text === ';' || text === ')' || text === ']' || text === '}') return -1
    else if (tokens[i].kind === 'end') return -1
  }
  return -1
}

/** Splits [first, end) at commas outside brackets and template argument lists: pairs of first and end. */
export const splitCommas = (tokens: readonly Token[], first: number, end: number): [number, number][] => {
  const parts: [number, number][] = []
  let start = first
  for (let i = first; i < end; i++) {
    const text = tokens[i].text
    if (text === '(' || text === '[' || text === '{') i = closeOf(tokens, i)
    else if (text === '<' && i > first && tokens[i - 1].kind === 'identifier') {
      const close = angleOf(tokens, i)
      if (close > 0 && close < end) i = close
    } else if (text === ',') {
      parts.push([start, i])
      start = i + 1
    }
  }
  if (start < end) parts.push([start, end])
  return parts
}

/** Index of the first token of [first, end) with this text outside brackets, or -1. */
export const findAtTop = (tokens: readonly Token[], first: number, end: number, ...texts: string[]): number => {
  for (let i = first; i < end; i++) {
    const text = tokens[i].text
    if (texts.includes(text)) return i
    if (text === '(' || text === '[' || text === '{') i = closeOf(tokens, i)
    else if (text === '<' && i > first && tokens[i - 1].kind === 'identifier') {
      const close = angleOf(tokens, i)
      if (close > 0 && close < end) i = close
    }
  }
  return -1
}

/** Index of the `<` that the `>` at `close` closes, or -1. */
export const angleBefore = (tokens: readonly Token[], close: number): number => {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    const text = tokens[i].text
    if (text === '>') depth++
    else if (text === '<') {
      if (--depth === 0) return i
    } else if (text === ')' || text === ']') i = openOf(tokens, i)
    else if (text === ';' || text === '{' || text === '}' || text === '(' || text === '[') return -1
  }
  return -1
}

/** Index of the bracket that the one at `close` closes. */
export const openOf = (tokens: readonly Token[], close: number): number => {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    const text = tokens[i].text
    if (text === ')' || text === ']' || text === '}') depth++
    else if ((text === '(' || text === '[' || text === '{') && --depth === 0) return i
  }
  return 0
}

/** Erases the text of tokens; lines stay. */
export const erase = (tokens: Token[], first: number, end: number): void => {
  for (let i = first; i < end; i++) {
    const token = tokens[i]
    token.text = ''
    if (!token.before.includes('\n')) token.before = ' '
  }
}
