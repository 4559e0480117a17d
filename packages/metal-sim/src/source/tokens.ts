import { match } from '../match.js'

/**
 * Tokens of a preprocessed Metal source. What lies between two tokens (space, line ends, line markers, text of system headers) is kept as the
 * `before` of the second, so that the tokens' concatenation is the source again, and edits keep every line where it was.
 */
export interface Token {
  text: string
  readonly kind: TokenKind
  before: string
  readonly file: string
  readonly line: number
  /** From 1. */
  readonly column: number
  /** Attributes `[[…]]` that were taken off behind this token. */
  attributes?: Attribute[]
  /** What the preprocessed source had here, when `text` was edited. */
  readonly original: string
  /** Generated text directly before and behind this token. */
  lead: string
  trail: string
}

export type TokenKind = 'identifier' | 'number' | 'string' | 'punctuation' | 'begin' | 'end'

export interface Attribute {
  readonly name: string
  /** Text between the parentheses, or null without any. */
  readonly argument: string | null
  readonly file: string
  readonly line: number
}

const marker = /^#(?:line)? (\d+) "((?:[^"\\]|\\.)*)"([ \d]*)$/

// `>` is always a token of its own, so that `>>` may close two template argument lists.
const pattern =
  /(?<space>[ \t\r\f\v]+|\\\n)|(?<newline>\n)|(?<string>(?:u8|u|U|L)?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'))|(?<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)|(?<identifier>[A-Za-z_$][\w$]*)|(?<punctuation>->\*|->|\.\.\.|::|<<=|>=|<=>|<=|<<|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|==|!=|&&|\|\||##|.)/suy

/** Cuts a preprocessed source. Text of system headers (line markers with flag 3) is passed over. */
export const tokenize = (source: string): Token[] => {
  const tokens: Token[] = [make('begin', '', '', '', 0, 0)]
  let before = ''
  let file = ''
  let line = 1
  let system = false
  let lineStart = true
  let position = 0
  let rowStart = 0
  while (position < source.length) {
    if (lineStart && (system || source[position] === '#')) {
      let stop = source.indexOf('\n', position)
      if (stop < 0) stop = source.length
      const text = source.slice(position, stop)
      const found = text.startsWith('#') ? match(marker, text) : null
      if (found) {
        file = (found[2] ?? '').replaceAll(/\\(.)/g, '$1')
        line = Number(found[1]) - 1
        system = (found[3] ?? '').split(' ').includes('3')
      }
      if (found || system || text.startsWith('#')) {
        // Pragmas are advice to another compiler.
        before += found || system ? source.slice(position, stop + 1) : '\n'
        line++
        position = stop + 1
        rowStart = position
        continue
      }
    }
    lineStart = false
    pattern.lastIndex = position
    const column = position - rowStart + 1
    const groups: Partial<Record<string, string>> | undefined = pattern.exec(source)?.groups
    if (!groups) break
    position = pattern.lastIndex
    if (groups.newline !== undefined) {
      before += '\n'
      line++
      lineStart = true
      rowStart = position
    } else if (groups.space !== undefined) {
      before += groups.space
      if (groups.space === '\\\n') line++
    } else {
      const kind =
        groups.identifier !== undefined
          ? 'identifier'
          : groups.number !== undefined
            ? 'number'
            : groups.string !== undefined
              ? 'string'
              : 'punctuation'
      const text = groups[kind] ?? ''
      tokens.push(make(kind, text, before, file, line, column))
      before = ''
    }
  }
  tokens.push(make('end', '', before, file, line, 0))
  return tokens
}

/**
 * The source again. What edits moved along its line goes back to its column, behind a line marker, so that whatever clang says or writes into debug
 * information has the column of the user's.
 */
export const textOf = (tokens: readonly Token[]): string => {
  const parts: string[] = []
  let column = 1
  const emit = (text: string): void => {
    parts.push(text)
    const newline = text.lastIndexOf('\n')
    column = newline < 0 ? column + text.length : text.length - newline
  }
  for (const token of tokens) {
    emit(token.before + token.lead)
    if (token.text !== '' && token.column !== column)
      emit(`\n# ${String(token.line)} ${JSON.stringify(token.file)}\n${' '.repeat(token.column - 1)}`)
    emit(token.text + token.trail)
  }
  return parts.join('')
}

/** A stretch of tokens as one line of text, for messages and generated code. */
export const spelling = (tokens: readonly Token[], first: number, end: number): string => {
  let text = ''
  for (let i = first; i < end; i++) {
    const token = tokens[i]
    if (token.original !== '') text += (text !== '' && token.before !== '' ? ' ' : '') + token.original
  }
  return text
}

const make = (kind: TokenKind, text: string, before: string, file: string, line: number, column: number): Token => ({
  text,
  kind,
  before,
  file,
  line,
  column,
  original: text,
  lead: '',
  trail: '',
})
