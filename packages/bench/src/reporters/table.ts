/** A table for a terminal. */
import type { BenchReport, BenchRow } from '../rows.js'
import { type Cells, cells, columns, countColumns, goalColumns, machineLine, roofMovedNote } from './columns.js'

/** Colour is by the share of the roof, where memory is the limit, and by what is useful of what is counted. */
export function table(
  { machine, rows, counts = [], goals = [], failures = [] }: BenchReport,
  { color }: { color: boolean },
): string {
  const paint = (text: string, code: number): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const aligned = (cells: Cells, shades: readonly number[]): void => {
    const [head, ...body] = align(cells)
    lines.push('', paint(head, bold), ...body.map((line, i) => paint(line, shades[i])))
  }
  const lines = [paint(machineLine(machine), dim)]
  if (rows.length > 0) aligned(cells(rows, columns), rows.map(shade))
  if (counts.length > 0) {
    aligned(
      cells(counts, countColumns),
      counts.map(({ utilization }) => grade(100 * utilization)),
    )
  }
  if (rows.some(({ roofMoved }) => roofMoved)) lines.push('', paint(roofMovedNote, dim))
  if (goals.length > 0) {
    aligned(
      cells(goals, goalColumns),
      goals.map(({ met }) => (met ? green : red)),
    )
  }
  if (rows.length === 0 && counts.length === 0) lines.push('', 'no rows')
  for (const failure of failures)
    lines.push(paint(`failed: ${failure.suite}: ${failure.case}: ${failure.message}`, red))
  return `${lines.join('\n')}\n`
}

/** Lines of one width for each column, the titles first. */
function align({ shown, texts }: Cells): string[] {
  const widths = shown.map(({ title }, c) => Math.max(title.length, ...texts.map((row) => row[c].length)))
  return [shown.map(({ title }) => title), ...texts].map((row) =>
    row
      .map((text, c) => (shown[c].align === 'left' ? text.padEnd(widths[c]) : text.padStart(widths[c])))
      .join('  ')
      .trimEnd(),
  )
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
  return grade(percentOfRoof)
}

function grade(percent: number): number {
  return percent >= 70 ? green : percent >= 30 ? yellow : red
}
