import { closeOf } from './scan.js'
import type { Token } from './tokens.js'

/** `file:line:column`. */
export const placeKey = ({ file, line, column }: { file: string; line: number; column: number }): string =>
  `${file}:${String(line)}:${String(column)}`

/**
 * `c ? a : b` of structs in two address spaces: clang finds no common type, Metal copies. At the places that clang named, copies are taken first.
 */
export const rewriteConditionals = (tokens: Token[], places: ReadonlySet<string>): void => {
  if (places.size === 0) return
  for (let i = 1; i < tokens.length; i++) {
    if (tokens[i].text !== '?' || !places.has(placeKey(tokens[i]))) continue
    const colon = endOf(tokens, i + 1, ':')
    const end = endOf(tokens, colon + 1, '')
    for (const [first, last] of [
      [i + 1, colon - 1],
      [colon + 1, end - 1],
    ]) {
      tokens[first].lead = `::metal::sim_copy(${tokens[first].lead}`
      tokens[last].trail += ')'
    }
  }
}

// Index of the `:` that belongs to a `?`, or (without) of the token behind the last operand.
const endOf = (tokens: readonly Token[], first: number, wanted: ':' | ''): number => {
  let nested = 0
  for (let i = first; i < tokens.length; i++) {
    const { text } = tokens[i]
    if (text === '(' || text === '[' || text === '{') i = closeOf(tokens, i)
    else if (text === '?') nested++
    else if (text === ':') {
      if (nested === 0) return i
      nested--
    } else if (text === ';' || text === ')' || text === ']' || text === '}' || (text === ',' && wanted === '')) return i
  }
  return tokens.length - 1
}
