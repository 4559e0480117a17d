import { match } from '../match.js'

/** What the rules and edits need to know of LLVM IR, read from its text. */
export interface Module {
  readonly lines: string[]
  readonly functions: readonly FunctionRange[]
  /** Place of a `!dbg !n`. */
  readonly placeOf: (id: number) => Place | null
}

export interface FunctionRange {
  readonly name: string
  /** Lines of `define` and of the closing brace. */
  readonly first: number
  readonly last: number
  /** Whether it is of the user's source: what is of the headers has no places. */
  readonly user: boolean
  /** Place of the function itself. */
  readonly place: Place | null
}

export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

const location = /^!(\d+) = (?:distinct )?!DILocation\(line: (\d+)(?:, column: (\d+))?, scope: !(\d+)/
const scope = /^!(\d+) = (?:distinct )?!DI(?:Subprogram|LexicalBlock|LexicalBlockFile)\((.*)\)$/
const fileNode = /^!(\d+) = (?:distinct )?!DIFile\(filename: "((?:[^"\\]|\\.)*)", directory: "((?:[^"\\]|\\.)*)"/

export const parseModule = (text: string): Module => {
  const lines = text.split('\n')
  const locations = new Map<number, { line: number; column: number; scope: number }>()
  const scopes = new Map<number, { file: number; line: number }>()
  const files = new Map<number, string>()
  for (const line of lines) {
    if (!line.startsWith('!')) continue
    const at = match(location, line)
    if (at) {
      locations.set(Number(at[1]), { line: Number(at[2]), column: Number(at[3] ?? 0), scope: Number(at[4]) })
      continue
    }
    const inScope = match(scope, line)
    if (inScope) {
      const file = Number(match(/\bfile: !(\d+)/, inScope[2] ?? '')?.[1] ?? -1)
      scopes.set(Number(inScope[1]), { file, line: Number(match(/\bline: (\d+)/, inScope[2] ?? '')?.[1] ?? 0) })
      continue
    }
    const file = match(fileNode, line)
    if (file) files.set(Number(file[1]), file[2] ?? '')
  }
  const placeOf = (id: number): Place | null => {
    const at = locations.get(id)
    if (at) return { file: files.get(scopes.get(at.scope)?.file ?? -1) ?? '', line: at.line, column: at.column }
    const of = scopes.get(id)
    return of ? { file: files.get(of.file) ?? '', line: of.line, column: 0 } : null
  }
  return { lines, functions: functionsOf(lines, placeOf), placeOf }
}

const functionsOf = (lines: readonly string[], placeOf: Module['placeOf']): FunctionRange[] => {
  const found: FunctionRange[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]
    if (!line.startsWith('define ')) continue
    const first = i
    while (lines[i] !== '}') i++
    const name = nameIn(line)
    const debug = / !dbg !(\d+)/.exec(line)?.[1]
    found.push({
      name,
      first,
      last: i,
      user: debug !== undefined,
      place: debug === undefined ? null : placeOf(Number(debug)),
    })
  }
  return found
}

/** The first global name of a line: of a `define`, the function. */
export const nameIn = (line: string): string => /@("(?:[^"\\]|\\.)*"|[\w$.]+)/.exec(line)?.[1] ?? ''
