/** Reads a report that `-o json` or `--save` wrote. Files come from other versions and other people: what is read is checked. */
import { readFileSync } from 'node:fs'
import { fail, messageOf } from './errors.js'
import type { BenchReport, BenchRow, CountRow } from './rows.js'

/** @throws BenchError that names the file, the row and the field. */
export function readReport(path: string): BenchReport {
  const json = parse(path)
  const { machine, rows, failures, run } = object(json, path, 'an object')
  const all = array(rows, path, 'rows').map((row, i) => object(row, path, `rows[${i}] to be an object`))
  const timed: BenchRow[] = []
  const counts: CountRow[] = []
  for (const [i, row] of all.entries()) {
    if (typeof row.utilization === 'number') counts.push(row as unknown as CountRow)
    else timed.push(checkRow(row, path, i))
  }
  return {
    machine: checkMachine(object(machine, path, 'machine to be an object'), path),
    rows: timed,
    ...(run === undefined
      ? {}
      : { run: object(run, path, 'run to be an object') as unknown as NonNullable<BenchReport['run']> }),
    ...(counts.length > 0 && { counts }),
    ...(Array.isArray(failures)
      && failures.length > 0 && { failures: failures as NonNullable<BenchReport['failures']> }),
  }
}

type Fields = Readonly<Record<string, unknown>>

const texts = ['suite', 'kernel', 'format', 'precision', 'device'] as const
const numbers = ['m', 'n', 'k', 'threads', 'medianNs', 'bytes', 'gigabytesPerSecond', 'roofGigabytesPerSecond'] as const

function checkRow(row: Fields, path: string, i: number): BenchRow {
  for (const field of texts) {
    if (typeof row[field] !== 'string') refuse(path, `rows[${i}].${field} to be a string`, row[field])
  }
  for (const field of numbers) {
    if (!isNumber(row[field])) refuse(path, `rows[${i}].${field} to be a number`, row[field])
  }
  const { samplesNs, percentOfRoof } = row
  if (!Array.isArray(samplesNs) || samplesNs.length === 0 || !samplesNs.every((one) => isNumber(one) && one > 0)) {
    refuse(path, `rows[${i}].samplesNs to be positive numbers`, samplesNs)
  }
  if (percentOfRoof !== null && !isNumber(percentOfRoof)) {
    refuse(path, `rows[${i}].percentOfRoof to be a number or null`, percentOfRoof)
  }
  return row as unknown as BenchRow
}

function checkMachine(machine: Fields, path: string): BenchReport['machine'] {
  for (const field of ['cpu', 'platform', 'node', 'date']) {
    if (typeof machine[field] !== 'string') refuse(path, `machine.${field} to be a string`, machine[field])
  }
  for (const field of ['cores', 'threads', 'memoryBytes']) {
    if (!isNumber(machine[field])) refuse(path, `machine.${field} to be a number`, machine[field])
  }
  return machine as unknown as BenchReport['machine']
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function parse(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return fail('report', `a file at ${path}`, messageOf(error), 'Make one: bench --save FILE.')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    return fail('report', `${path} to hold JSON`, messageOf(error), 'Make it again: bench --save FILE.')
  }
}

function object(value: unknown, path: string, expected: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, expected, value)
  return value as Fields
}

function array(value: unknown, path: string, name: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(path, `${name} to be an array`, value)
}

function refuse(path: string, expected: string, got: unknown): never {
  const text = got === undefined ? 'none' : JSON.stringify(got)
  return fail(
    'report',
    `${path}: ${expected}`,
    text.length > 60 ? `${text.slice(0, 60)}…` : text,
    'Make it again: bench --save FILE.',
  )
}
