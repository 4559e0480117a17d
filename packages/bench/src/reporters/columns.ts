/** The columns that people read; json and csv have all of a row. */
import type { Machine } from '../machine.js'
import type { BenchRow } from '../rows.js'

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Left out when no row has a value in it. */
  readonly optional?: boolean
  text(row: BenchRow): string
}

export const columns: readonly Column[] = [
  { title: 'suite', align: 'left', text: ({ suite }) => suite },
  { title: 'kernel', align: 'left', text: ({ kernel }) => kernel },
  { title: 'variant', align: 'left', optional: true, text: ({ variant }) => variant ?? '' },
  { title: 'format', align: 'left', text: ({ format }) => format },
  { title: 'precision', align: 'left', text: ({ precision }) => precision },
  { title: 'M', align: 'right', text: ({ m }) => String(m) },
  { title: 'N x K', align: 'right', text: ({ n, k }) => `${n} x ${k}` },
  { title: 'threads', align: 'right', text: ({ threads }) => (threads > 0 ? String(threads) : '-') },
  { title: 'median', align: 'right', text: ({ medianNs }) => duration(medianNs) },
  { title: 'spread', align: 'right', text: ({ relativeSpread }) => `${(100 * relativeSpread).toFixed(1)} %` },
  { title: 'GB/s', align: 'right', text: ({ gigabytesPerSecond }) => gigabytesPerSecond.toFixed(1) },
  { title: 'roof', align: 'right', text: ({ roofGigabytesPerSecond }) => roofGigabytesPerSecond.toFixed(1) },
  { title: '% of roof', align: 'right', text: ({ percentOfRoof }) => percentOfRoof?.toFixed(1) ?? 'cached' },
  {
    title: 'GFLOP/s',
    align: 'right',
    optional: true,
    text: ({ gigaflopsPerSecond }) => gigaflopsPerSecond?.toFixed(1) ?? '',
  },
  {
    title: 'tokens/s',
    align: 'right',
    optional: true,
    text: ({ tokensPerSecond }) => tokensPerSecond?.toFixed(1) ?? '',
  },
]

/** The columns that have something to show, and the texts of all rows. */
export function cells(rows: readonly BenchRow[]): { shown: readonly Column[]; texts: string[][] } {
  const shown = columns.filter((column) => column.optional !== true || rows.some((row) => column.text(row) !== ''))
  return { shown, texts: rows.map((row) => shown.map((column) => column.text(row))) }
}

/** Nanoseconds with three digits and a unit: "812 ns", "1.41 ms". */
export function duration(ns: number): string {
  const [value, unit] =
    ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`
}

/** "AMD EPYC, 2 cores, 25.3 GB, linux x64, node v20.20.2, 2026-01-31" */
export function machineLine({ cpu, cores, memoryBytes, platform, node, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(1)} GB, ${platform}, node ${node}, ${date.slice(0, 10)}`
}
