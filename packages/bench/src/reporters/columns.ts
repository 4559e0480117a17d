/** The columns that people read; json and csv have all of a row. */
import type { Goal } from '../goals.js'
import type { Machine } from '../machine.js'
import type { BenchRow, CountRow } from '../rows.js'

export interface Column<Row = BenchRow> {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Left out when no row has a value in it. */
  readonly optional?: boolean
  text(row: Row): string
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
  {
    title: '% of roof',
    align: 'right',
    // A star: the roof moved while the case ran.
    text: ({ percentOfRoof, roofMoved }) =>
      percentOfRoof === null ? 'cached' : `${percentOfRoof.toFixed(1)}${roofMoved ? '*' : ''}`,
  },
  {
    title: 'times',
    align: 'right',
    optional: true,
    text: ({ times, against }) => (times === undefined ? '' : `${times.toFixed(2)} x ${against}`),
  },
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
  {
    title: 'Mweights/s',
    align: 'right',
    optional: true,
    text: ({ weightsPerSecond }) => (weightsPerSecond === undefined ? '' : (weightsPerSecond / 1e6).toFixed(0)),
  },
  {
    title: 'outside kernels',
    align: 'right',
    optional: true,
    text: ({ outsideKernelsPercent: percent }) => (percent === undefined ? '' : `${percent.toFixed(1)} %`),
  },
  { title: 'by', align: 'left', optional: true, text: ({ engine }) => engine ?? '' },
  {
    title: 'times as fast',
    align: 'left',
    optional: true,
    text: ({ speedup, speedupLow, speedupHigh }) =>
      speedup === undefined ? '' : `${speedup.toFixed(2)} (${speedupLow?.toFixed(2)} to ${speedupHigh?.toFixed(2)})`,
  },
]

export const countColumns: readonly Column<CountRow>[] = [
  { title: 'suite', align: 'left', text: ({ suite }) => suite },
  { title: 'kernel', align: 'left', text: ({ kernel }) => kernel },
  { title: 'variant', align: 'left', optional: true, text: ({ variant }) => variant ?? '' },
  { title: 'format', align: 'left', text: ({ format }) => format },
  { title: 'M', align: 'right', text: ({ m }) => String(m) },
  { title: 'N x K', align: 'right', text: ({ n, k }) => `${n} x ${k}` },
  { title: 'useful', align: 'right', text: ({ usefulMultiplyAdds }) => String(usefulMultiplyAdds) },
  { title: 'executed', align: 'right', text: ({ executedMultiplyAdds }) => String(executedMultiplyAdds) },
  { title: 'utilization', align: 'right', text: ({ utilization }) => `${(100 * utilization).toFixed(1)} %` },
  { title: 'bytes read', align: 'right', text: ({ bytesRead }) => String(bytesRead) },
]

export const goalColumns: readonly Column<Goal>[] = [
  { title: 'goal', align: 'left', text: ({ what }) => what },
  { title: 'threads', align: 'right', text: ({ threads }) => String(threads) },
  {
    title: 'wanted',
    align: 'right',
    text: ({ wanted, unit, atMost }) => `${atMost ? 'at most' : 'at least'} ${wanted} ${unit}`,
  },
  { title: 'reached', align: 'right', text: reachedText },
  { title: 'format', align: 'left', optional: true, text: ({ format }) => format ?? '' },
  // A star: the roof moved while the case ran.
  { title: 'met', align: 'left', text: ({ met, unsure }) => `${met ? 'yes' : 'NO'}${unsure ? '*' : ''}` },
]

/** With digits enough to tell on which side of the bound it is. */
function reachedText({ reached, wanted }: Goal): string {
  if (reached === null) return 'not measured'
  return reached.toFixed(wanted < 10 ? 3 : wanted < 100 ? 2 : 1)
}

/** Columns as texts: how wide they are is for the reporter. */
export interface Cells {
  readonly shown: readonly Pick<Column<never>, 'title' | 'align'>[]
  readonly texts: readonly string[][]
}

/** The columns that have something to show, and the texts of all rows. */
export function cells<Row>(rows: readonly Row[], of: readonly Column<Row>[]): Cells {
  const shown = of.filter((column) => column.optional !== true || rows.some((row) => column.text(row) !== ''))
  return { shown, texts: rows.map((row) => shown.map((column) => column.text(row))) }
}

/** Nanoseconds with three digits and a unit: "812 ns", "1.41 ms". */
export function duration(ns: number): string {
  const [value, unit] =
    ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`
}

/** What the star of a share of the roof means. */
export const roofMovedNote =
  '* the roof moved: fewer than half of the rounds saw one (within 15 %), also when more were run'

/** "AMD EPYC, 2 cores, 25.3 GB, linux x64, node v20.20.2, 2026-01-31" */
export function machineLine({ cpu, cores, memoryBytes, platform, node, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(1)} GB, ${platform}, node ${node}, ${date.slice(0, 10)}`
}
