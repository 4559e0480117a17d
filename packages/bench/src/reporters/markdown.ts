/** A table for a README, and one of counts. */
import type { BenchReport } from '../rows.js'
import { type Cells, cells, columns, countColumns, goalColumns, machineLine, roofMovedNote } from './columns.js'

export function markdown({ machine, rows, counts = [], goals = [], failures = [] }: BenchReport): string {
  const parts = [[machineLine(machine)]]
  if (rows.length > 0 || counts.length === 0) parts.push(table(cells(rows, columns)))
  if (rows.some(({ roofMoved }) => roofMoved)) parts.push([roofMovedNote.replace('*', '\\*')])
  if (counts.length > 0) parts.push(table(cells(counts, countColumns)))
  if (goals.length > 0) parts.push(table(cells(goals, goalColumns)))
  if (failures.length > 0)
    parts.push(failures.map((failure) => `- failed: ${failure.suite}: ${failure.case}: ${failure.message}`))
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function table({ shown, texts }: Cells): string[] {
  const line = (row: readonly string[]): string => `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `|${shown.map(({ align }) => (align === 'left' ? '---' : '---:')).join('|')}|`
  return [line(shown.map(({ title }) => title)), rule, ...texts.map(line)]
}
