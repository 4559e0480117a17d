import { type Declaration, addressSpaces } from './declarations.js'
import { closeOf, splitCommas } from './scan.js'
import type { Token } from './tokens.js'

/** `constant const long strides[2]` as a parameter is a pointer; clang wants it written as one when it has an address space. */
export const rewriteArrayParameters = (tokens: Token[], declarations: readonly Declaration[]): void => {
  for (const declaration of declarations) {
    if (declaration.kind !== 'function') continue
    for (const [first, end] of splitCommas(tokens, declaration.open + 1, declaration.close)) {
      let space = false
      for (let i = first; i < end; i++) {
        const { text } = tokens[i]
        if (addressSpaces.has(text)) space = true
        if (text === '*' || text === '&' || text === '(' || text === '=') break
        if (text !== '[' || !space || tokens[i - 1].kind !== 'identifier') continue
        const close = closeOf(tokens, i)
        for (let j = i; j <= close; j++) tokens[j].text = ''
        const more = tokens[close + 1].text === '['
        tokens[i - 1].lead += more ? '(*' : '*'
        if (more) tokens[i - 1].trail += ')'
        break
      }
    }
  }
}
