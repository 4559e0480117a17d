/** Where the command writes, and how: tables, sizes, a bar on a terminal. */
import type { ErrorMeasure } from '../measure-error.js'

/** What the command is run with; tests pass their own. */
export interface Terminal {
  /** Results. */
  out(text: string): void
  /** Progress and errors. */
  err(text: string): void
  /** True where `err` is a terminal: only then is a bar drawn. */
  readonly interactive: boolean
  readonly signal: AbortSignal
}

/** Draws how far the work is, ten times a second at most; `clear` takes the line away. */
export function progressBar(
  terminal: Terminal,
  what: string,
): { show(done: number, total: number): void; clear(): void } {
  if (!terminal.interactive) return { show: () => undefined, clear: () => undefined }
  const width = 30
  let last = 0
  return {
    show: (done, total) => {
      const now = performance.now()
      if (done !== total && now - last < 100) return
      last = now
      const share = total === 0 ? 1 : done / total
      const filled = Math.round(share * width)
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
      terminal.err(`\r${what} ${bar} ${String(Math.floor(share * 100)).padStart(3)} % of ${bytesText(total)}`)
    },
    clear: () => terminal.err('\r\x1b[2K'),
  }
}

/** `1.50 GB`, in powers of ten as disks are sold. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let size = bytes
  let unit = -1
  while (size >= 999.5 && unit < 3) {
    size /= 1000
    unit++
  }
  return `${size.toPrecision(3)} ${['kB', 'MB', 'GB', 'TB'][unit]}`
}

export function decibels(error: ErrorMeasure | undefined): string {
  if (error === undefined) return ''
  return Number.isFinite(error.sqnrDb) ? `${error.sqnrDb.toFixed(2)} dB` : 'exact'
}

/** Rows under a heading; the columns of `right` are numbers. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string {
  const shown = [heading, ...rows].map((row) => row.map(printable))
  const widths = heading.map((_, column) => shown.reduce((most, row) => Math.max(most, row[column].length), 0))
  const pad = (text: string, column: number): string =>
    right.includes(column) ? text.padStart(widths[column]) : text.padEnd(widths[column])
  return shown.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}

/**
 * Names come from files: what would move a terminal's cursor (control characters, C0 and C1) or turn its text around (format
 * characters) is shown instead.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (letter) => {
    const hex = letter.codePointAt(0)!.toString(16)
    return hex.length > 2 ? `\\u{${hex}}` : `\\x${hex.padStart(2, '0')}`
  })
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
