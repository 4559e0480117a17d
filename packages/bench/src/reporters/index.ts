/** A report as text. */
import type { BenchReport } from '../rows.js'
import { csv } from './csv.js'
import { json } from './json.js'
import { markdown } from './markdown.js'
import { table } from './table.js'

export type ReportFormat = 'table' | 'md' | 'json' | 'csv'

export const reportFormats: readonly ReportFormat[] = ['table', 'md', 'json', 'csv']

/** `color` only means something to a table. The text ends with a newline. */
export function report(
  results: BenchReport,
  format: ReportFormat,
  { color = false }: { color?: boolean } = {},
): string {
  switch (format) {
    case 'table':
      return table(results, { color })
    case 'md':
      return markdown(results)
    case 'csv':
      return csv(results)
    case 'json':
      return json(results)
  }
}
