import type { Token } from './tokens.js'

/** One thing that is wrong with a source, at a place of the user's file. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'note'
  /** Which rule, one word: `double`, `missing-attribute`, …; `clang` for what clang itself found. */
  readonly rule: string
  readonly message: string
  readonly file: string
  readonly line: number
  /** From 1; 0 when it is not known. */
  readonly column: number
}

/** Collects what rules find while a source is rewritten. */
export class Findings {
  readonly all: Diagnostic[] = []

  error(rule: string, at: Token, message: string): void {
    this.#add('error', rule, at, message)
  }

  warning(rule: string, at: Token, message: string): void {
    this.#add('warning', rule, at, message)
  }

  #add(severity: 'error' | 'warning', rule: string, at: Token, message: string): void {
    if (this.all.some((other) => other.rule === rule && other.file === at.file && other.line === at.line)) return
    this.all.push({ severity, rule, message, file: at.file, line: at.line, column: at.column })
  }
}
