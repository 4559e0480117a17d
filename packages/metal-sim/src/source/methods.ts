import { type Declaration, addressSpaces } from './declarations.js'
import { erase } from './scan.js'
import { type Token, spelling } from './tokens.js'

/**
 * Address spaces of member functions (`float get() const device`). clang's own `this` reaches every address space, so they are taken off; of
 * overloads that differ in nothing else the one for `thread` stays. Returns the declarations that are left, and the places (`file:line`) of those
 * that may be called in other address spaces.
 */
export const rewriteMethods = (
  tokens: Token[],
  declarations: readonly Declaration[],
): { declarations: Declaration[]; spaced: Set<string> } => {
  const spaced = new Set<string>()
  const kept = new Map<string, { declaration: Declaration; space: string }>()
  const removed = new Set<Declaration>()
  for (const declaration of declarations) {
    if (declaration.kind !== 'function' || declaration.owner < 0) continue
    const end = declaration.bodyOpen >= 0 ? declaration.bodyOpen : declaration.end
    let space = ''
    let constant = ''
    for (let i = declaration.close + 1; i < end; i++) {
      const token = tokens[i]
      if (token.text === ':' || token.text === '->') break
      if (token.text === 'const') constant = ' const'
      if (!addressSpaces.has(token.text)) continue
      space = token.text
      token.text = ''
    }
    const key = `${String(declaration.owner)} ${spelling(tokens, declaration.name, declaration.close + 1)}${constant}`
    const other = kept.get(key)
    if (space !== '' && space !== 'thread') {
      for (const { name } of [declaration, ...(other ? [other.declaration] : [])])
        spaced.add(`${tokens[name].file}:${String(tokens[name].line)}`)
    }
    // Two of one space differ in what is not looked at here: `enable_if` as the result, for one.
    if (!other || (space || 'thread') === (other.space || 'thread')) kept.set(key, { declaration, space })
    else if (space === 'thread' || space === '') {
      removed.add(other.declaration)
      kept.set(key, { declaration, space })
    } else removed.add(declaration)
  }
  for (const declaration of removed) erase(tokens, declaration.first, declaration.end)
  return { declarations: declarations.filter((declaration) => !removed.has(declaration)), spaced }
}
