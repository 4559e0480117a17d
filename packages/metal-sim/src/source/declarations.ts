import { angleBefore, angleOf, closeOf, findAtTop } from './scan.js'
import type { Attribute, Token } from './tokens.js'

/** What a source declares in its namespaces and classes. Indices are of tokens; `end` is behind the last one. */
export interface Declaration {
  readonly kind: 'function' | 'variable' | 'class' | 'instantiation' | 'other'
  readonly first: number
  readonly end: number
  /** `::a::b` of the namespaces around it. */
  readonly scope: string
  /** Index of the `{` of the class around it, or -1. */
  readonly owner: number
  readonly template: boolean
  /** Index of the declared name; -1 without one. */
  readonly name: number
  /** Brackets of a function's parameters and of its body (-1: none), or of a class. */
  readonly open: number
  readonly close: number
  readonly bodyOpen: number
  readonly bodyClose: number
  readonly attributes: readonly Attribute[]
}

/** Words that say where memory is. */
export const addressSpaces: ReadonlySet<string> = new Set([
  'device',
  'constant',
  'threadgroup',
  'thread',
  'threadgroup_imageblock',
  'ray_data',
  'object_data',
])

export const parseDeclarations = (tokens: readonly Token[]): Declaration[] => {
  const found: Declaration[] = []
  parseScope(tokens, 1, tokens.length - 1, '', -1, found)
  return found
}

const parseScope = (
  tokens: readonly Token[],
  first: number,
  end: number,
  scope: string,
  owner: number,
  found: Declaration[],
): void => {
  let i = first
  while (i < end) {
    const text = tokens[i].text
    if (text === ';' || text === '' || text === '}') i++
    else if (text === 'namespace' || (text === 'inline' && tokens[i + 1]?.text === 'namespace')) {
      const open = findAtTop(tokens, i, end, '{', ';')
      if (open < 0) return
      if (tokens[open].text === ';') {
        i = open + 1
        continue
      }
      let inner = scope
      for (let j = i + 1; j < open; j++)
        if (tokens[j].kind === 'identifier' && tokens[j].text !== 'namespace') inner += `::${tokens[j].text}`
      const close = closeOf(tokens, open)
      parseScope(tokens, open + 1, close, inner, -1, found)
      i = close + 1
    } else if (text === 'extern' && tokens[i + 1]?.kind === 'string' && tokens[i + 2]?.text === '{') {
      const close = closeOf(tokens, i + 2)
      parseScope(tokens, i + 3, close, scope, -1, found)
      i = close + 1
    } else if ((text === 'public' || text === 'private' || text === 'protected') && tokens[i + 1]?.text === ':') i += 2
    else i = parseOne(tokens, i, end, scope, owner, found)
  }
}

const parseOne = (
  tokens: readonly Token[],
  first: number,
  end: number,
  scope: string,
  owner: number,
  found: Declaration[],
): number => {
  let i = first
  let template = false
  while (tokens[i].text === 'template' && tokens[i + 1]?.text === '<') {
    const close = angleOf(tokens, i + 1)
    if (close < 0) return end
    template = true
    i = close + 1
  }
  const attributesTo = (stop: number): Attribute[] => {
    const all: Attribute[] = []
    for (let j = first - 1; j < stop; j++) all.push(...(tokens[j].attributes ?? []))
    return all
  }
  const none = { name: -1, open: -1, close: -1, bodyOpen: -1, bodyClose: -1 }
  const push = (kind: Declaration['kind'], stop: number, rest: Partial<typeof none>): number => {
    const at = { ...none, ...rest }
    const attributes = attributesTo(kind === 'function' ? Math.max(at.open, first) : stop)
    found.push({ kind, first, end: stop, scope, owner, template, ...at, attributes })
    return stop
  }
  const statementEnd = (from: number): number => {
    const semicolon = findAtTop(tokens, from, end, ';')
    return semicolon < 0 ? end : semicolon + 1
  }

  const word = tokens[i].text
  if (word === 'template') return parseInstantiation(tokens, i, statementEnd(i), push)
  if (word === 'using' || word === 'typedef' || word === 'static_assert' || word === 'friend')
    return push('other', statementEnd(i), {})
  if (word === 'struct' || word === 'class' || word === 'union' || word === 'enum') {
    const stop = findAtTop(tokens, i, end, '{', ';', '(', '=')
    // Only a name: `struct a;`, or a specialization's.
    if (stop >= 0 && tokens[stop].text === ';' && (stop === i + 2 || tokens[stop - 1].text === '>'))
      return push('other', stop + 1, {})
    if (stop >= 0 && tokens[stop].text === '{') {
      const close = closeOf(tokens, stop)
      const colon = findAtTop(tokens, i, stop, ':')
      let name = (colon < 0 ? stop : colon) - 1
      if (tokens[name].text === '>') name = angleBefore(tokens, name) - 1
      push('class', statementEnd(close), { name, bodyOpen: stop, bodyClose: close })
      if (word !== 'enum') parseScope(tokens, stop + 1, close, scope, stop, found)
      return statementEnd(close)
    }
  }
  return parseFunctionOrVariable(tokens, i, end, push, statementEnd)
}

type Push = (
  kind: Declaration['kind'],
  stop: number,
  rest: Partial<Pick<Declaration, 'name' | 'open' | 'close' | 'bodyOpen' | 'bodyClose'>>,
) => number

// template [[host_name("x")]] kernel void f<float>(…);   template … kernel decltype(f<float>) f<float>;
const parseInstantiation = (tokens: readonly Token[], first: number, stop: number, push: Push): number => {
  for (let i = first; i < stop; i++) {
    const text = tokens[i].text
    if (text === '(' || text === '[') i = closeOf(tokens, i)
    else if (text === '<') {
      const close = angleOf(tokens, i)
      const next = close < 0 ? '' : tokens[close + 1].text
      if (next === ';' || next === '(') return push('instantiation', stop, { name: i - 1, open: i, close })
      if (close > 0) i = close
    }
  }
  return push('other', stop, {})
}

const parseFunctionOrVariable = (
  tokens: readonly Token[],
  first: number,
  end: number,
  push: Push,
  statementEnd: (from: number) => number,
): number => {
  for (let i = first; i < end; i++) {
    const text = tokens[i].text
    if (text === '<' && tokens[i - 1].kind === 'identifier') {
      const close = angleOf(tokens, i)
      if (close > 0) i = close
    } else if (text === 'operator') {
      const open =
        tokens[i + 1]?.text === '(' && tokens[i + 2]?.text === ')' ? i + 3 : findAtTop(tokens, i + 1, end, '(')
      if (open < 0) return end
      return parseFunction(tokens, i, open, end, push, statementEnd)
    } else if (text === '(') {
      const before = tokens[i - 1]
      if (before.text === 'alignas' || before.text === 'decltype' || before.text === '__attribute__')
        i = closeOf(tokens, i)
      else if (before.kind === 'identifier' || before.text === '>') {
        const name = before.text === '>' ? angleBefore(tokens, i - 1) - 1 : i - 1
        return parseFunction(tokens, name, i, end, push, statementEnd)
      } else i = closeOf(tokens, i)
    } else if (text === '=' || text === '{' || text === '[' || text === ';' || text === ':') {
      return push('variable', statementEnd(i), { name: i - 1 })
    }
  }
  return end
}

const parseFunction = (
  tokens: readonly Token[],
  name: number,
  open: number,
  end: number,
  push: Push,
  statementEnd: (from: number) => number,
): number => {
  const close = closeOf(tokens, open)
  for (let i = close + 1; i < end; i++) {
    const text = tokens[i].text
    if (text === '(' || text === '[') i = closeOf(tokens, i)
    else if (text === ';' || text === '=') return push('function', statementEnd(i), { name, open, close })
    else if (text === '{') {
      const bodyClose = closeOf(tokens, i)
      return push('function', bodyClose + 1, { name, open, close, bodyOpen: i, bodyClose })
    } else if (text === ':') {
      // Initializers of a constructor: name(…) or name{…}, with commas between.
      for (let j = i + 1; j < end; j++) {
        if (tokens[j].text === '<') j = Math.max(j, angleOf(tokens, j))
        if (tokens[j].text !== '(' && tokens[j].text !== '{') continue
        j = closeOf(tokens, j)
        if (tokens[j + 1]?.text !== ',') {
          i = j
          break
        }
      }
    }
  }
  return push('function', end, { name, open, close })
}
