/** Every field of every row, RFC 4180; samples are joined by spaces, and so are the parts of a step, as kernel:nanoseconds. */
import type { BenchReport, BenchRow, CountRow } from '../rows.js'

export function csv({ rows, counts = [] }: BenchReport): string {
  const all: readonly (BenchRow | CountRow)[] = [...rows, ...counts]
  const fields = [...new Set(all.flatMap((row) => Object.keys(row)))]
  const lines = [fields, ...all.map((row) => fields.map((field) => text(row[field])))]
  return lines.map((line) => `${line.map(quote).join(',')}\r\n`).join('')
}

function text(value: BenchRow[string]): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  return value.map((one) => (typeof one === 'number' ? one : `${one.kernel}:${one.durationNs}`)).join(' ')
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
