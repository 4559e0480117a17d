/** A table for a terminal. */
import type { BenchReport, BenchRow } from '../rows.js'
import { cells, machineLine } from './columns.js'

/** Colour is by the share of the roof, where memory is the limit. */
export function table({ machine, rows, failures = [] }: BenchReport, { color }: { color: boolean }): string {
  const { shown, texts } = cells(rows)
  const widths = shown.map(({ title }, c) => Math.max(title.length, ...texts.map((row) => row[c].length)))
  const line = (row: readonly string[]): string =>
    row
      .map((text, c) => (shown[c].align === 'left' ? text.padEnd(widths[c]) : text.padStart(widths[c])))
      .join('  ')
      .trimEnd()
  const paint = (text: string, code: number): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const lines = [paint(machineLine(machine), dim), '']
  if (rows.length > 0) {
    lines.push(paint(line(shown.map(({ title }) => title)), bold))
    for (const [r, row] of texts.entries()) lines.push(paint(line(row), shade(rows[r])))
  } else {
    lines.push('no rows')
  }
  for (const failure of failures)
    lines.push(paint(`failed: ${failure.suite}: ${failure.case}: ${failure.message}`, red))
  return `${lines.join('\n')}\n`
}

const bold = 1
const dim = 2
const red = 31
const green = 32
const yellow = 33
const plain = 0

function shade({ percentOfRoof, gigaflopsPerSecond, m }: BenchRow): number {
  // Many rows are limited by arithmetic: their share of the memory roof says nothing.
  if (gigaflopsPerSecond !== undefined && m > 8) return plain
  if (percentOfRoof === null) return plain
  return percentOfRoof >= 70 ? green : percentOfRoof >= 30 ? yellow : red
}
