/** A table for a README. */
import type { BenchReport } from '../rows.js'
import { cells, machineLine } from './columns.js'

export function markdown({ machine, rows, failures = [] }: BenchReport): string {
  const { shown, texts } = cells(rows)
  const line = (row: readonly string[]): string => `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  const lines = [machineLine(machine), '']
  lines.push(line(shown.map(({ title }) => title)))
  lines.push(`|${shown.map(({ align }) => (align === 'left' ? '---' : '---:')).join('|')}|`)
  for (const row of texts) lines.push(line(row))
  if (failures.length > 0) lines.push('')
  for (const failure of failures) lines.push(`- failed: ${failure.suite}: ${failure.case}: ${failure.message}`)
  return `${lines.join('\n')}\n`
}
