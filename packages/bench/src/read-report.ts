/** Reads a report that `-o json` or `--save` wrote. Files come from other versions and other people: what is read is checked. */
import { readFileSync } from 'node:fs'
import { fail, messageOf } from './errors.js'
import type { BenchReport, BenchRow, CountRow } from './rows.js'

/** @throws BenchError that names the file, the row and the field. */
export function readReport(path: string): BenchReport {
  const json = parse(path)
  const { machine, rows, goals, failures, run } = object(json, path, 'an object')
  const all = array(rows, path, 'rows').map((row, i) => object(row, path, `rows[${i}] to be an object`))
  const timed: BenchRow[] = []
  const counts: CountRow[] = []
  for (const [i, row] of all.entries()) {
    // Suites may add columns of any name to a timed row; samples only such a row has.
    const counted = row.utilization !== undefined && row.samplesNs === undefined
    check(row, counted ? countFields : rowFields, path, `rows[${i}]`)
    if (row.speedup !== undefined) check(row, raceFields, path, `rows[${i}]`)
    if (counted) counts.push(row as unknown as CountRow)
    else timed.push(row as unknown as BenchRow)
    if (row.parts !== undefined) checkEach(row.parts, partFields, path, `rows[${i}].parts`)
  }
  const checked = object(machine, path, 'machine to be an object')
  check(checked, machineFields, path, 'machine')
  const failed = failures === undefined ? [] : checkEach(failures, failureFields, path, 'failures')
  return {
    machine: checked as unknown as BenchReport['machine'],
    rows: timed,
    ...(run !== undefined && { run: checkRun(run, path) }),
    ...(counts.length > 0 && { counts }),
    ...(goals !== undefined && {
      goals: checkEach(goals, goalFields, path, 'goals') as unknown as NonNullable<BenchReport['goals']>,
    }),
    ...(failed.length > 0 && { failures: failed as unknown as NonNullable<BenchReport['failures']> }),
  }
}

type Fields = Readonly<Record<string, unknown>>

/** What a field has to be, and that in words. */
interface Kind {
  readonly expected: string
  readonly is: (value: unknown) => boolean
}

const text: Kind = { expected: 'a string', is: (value) => typeof value === 'string' }
const flag: Kind = { expected: 'true or false', is: (value) => typeof value === 'boolean' }
const number: Kind = { expected: 'a number', is: isNumber }
const count: Kind = { expected: 'a number from 0', is: (value) => isNumber(value) && value >= 0 }
const positive: Kind = { expected: 'a positive number', is: isPositive }
const positives: Kind = {
  expected: 'positive numbers',
  is: (value) => Array.isArray(value) && value.length > 0 && value.every(isPositive),
}

function optional({ expected, is }: Kind): Kind {
  return { expected: `${expected}, or left out`, is: (value) => value === undefined || is(value) }
}

function orNull({ expected, is }: Kind): Kind {
  return { expected: `${expected} or null`, is: (value) => value === null || is(value) }
}

const shapeFields = {
  suite: text,
  kernel: text,
  variant: optional(text),
  format: text,
  m: count,
  n: count,
  k: count,
}

const rowFields: Readonly<Record<string, Kind>> = {
  ...shapeFields,
  precision: text,
  device: text,
  threads: count,
  medianNs: positive,
  relativeSpread: count,
  bytes: positive,
  gigabytesPerSecond: positive,
  roofGigabytesPerSecond: positive,
  samplesNs: positives,
  percentOfRoof: orNull(positive),
  gigaflopsPerSecond: optional(count),
  tokensPerSecond: optional(count),
  weightsPerSecond: optional(count),
  outsideKernelsNs: optional(count),
  outsideKernelsPercent: optional(count),
  engine: optional(text),
  against: optional(text),
  times: optional(positive),
  againstNs: optional(positives),
  otherSamplesNs: optional(positives),
  otherRoofSamples: optional(positives),
}

const raceFields = { versus: text, speedup: positive, speedupLow: positive, speedupHigh: positive }

const countFields: Readonly<Record<string, Kind>> = {
  ...shapeFields,
  usefulMultiplyAdds: count,
  executedMultiplyAdds: count,
  utilization: count,
  bytesRead: count,
}

const partFields = { kernel: text, calls: count, durationNs: count }
const goalFields = {
  what: text,
  threads: count,
  wanted: number,
  reached: orNull(number),
  unit: text,
  format: optional(text),
  met: flag,
}
const failureFields = { suite: text, case: text, threads: count, message: text }
const machineFields = {
  cpu: text,
  platform: text,
  node: text,
  date: text,
  cores: number,
  threads: number,
  memoryBytes: number,
}

function checkRun(value: unknown, path: string): NonNullable<BenchReport['run']> {
  const run = object(value, path, 'run to be an object')
  for (const [i, one] of array(run.arguments, path, 'run.arguments').entries()) {
    if (!text.is(one)) refuse(path, `run.arguments[${i}] to be a string`, one)
  }
  check(run, { commit: orNull(text) }, path, 'run')
  object(run.versions, path, 'run.versions to be an object')
  return run as unknown as NonNullable<BenchReport['run']>
}

function checkEach(value: unknown, kinds: Readonly<Record<string, Kind>>, path: string, name: string): Fields[] {
  return array(value, path, name).map((one, i) => {
    const fields = object(one, path, `${name}[${i}] to be an object`)
    check(fields, kinds, path, `${name}[${i}]`)
    return fields
  })
}

function check(fields: Fields, kinds: Readonly<Record<string, Kind>>, path: string, name: string): void {
  for (const [field, { expected, is }] of Object.entries(kinds)) {
    if (!is(fields[field])) refuse(path, `${name}.${field} to be ${expected}`, fields[field])
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isPositive(value: unknown): boolean {
  return isNumber(value) && value > 0
}

function parse(path: string): unknown {
  let json: string
  try {
    json = readFileSync(path, 'utf8')
  } catch (error) {
    return fail('report', `a file at ${path}`, messageOf(error), 'Make one: bench --save FILE.')
  }
  try {
    return JSON.parse(json)
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
  const given = got === undefined ? 'none' : JSON.stringify(got)
  return fail(
    'report',
    `${path}: ${expected}`,
    given.length > 60 ? `${given.slice(0, 60)}…` : given,
    'Make it again: bench --save FILE.',
  )
}
