/** Every field of every row, RFC 4180; samples are joined by spaces. */
import type { BenchReport, BenchRow } from '../rows.js'

export function csv({ rows }: BenchReport): string {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = [fields, ...rows.map((row) => fields.map((field) => text(row[field])))]
  return lines.map((line) => `${line.map(quote).join(',')}\r\n`).join('')
}

function text(value: BenchRow[string]): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? value.join(' ') : String(value)
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
