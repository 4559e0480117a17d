/** A piece of an expression; `text` of a quoted name is without its quotes. */
export interface Token {
  readonly kind: 'number' | 'name' | 'quoted' | 'symbol'
  readonly text: string
}

const pattern = /\s+|(?<number>\d+)|(?<name>[A-Za-z_]\w*)|'(?<quoted>\w+)'|(?<symbol>\|\||&&|[=!<>]=|[-+*/%<>(),])/y

/** @throws SyntaxError at a character that begins no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) throw new SyntaxError(`[expression] unexpected '${text[start]}' in "${text}"`)
    for (const kind of ['number', 'name', 'quoted', 'symbol'] as const) {
      const found = groups[kind] as string | undefined
      if (found !== undefined) tokens.push({ kind, text: found })
    }
  }
  return tokens
}
