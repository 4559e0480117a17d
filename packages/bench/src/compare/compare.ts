/** What became slower or faster between two reports, with the spread of both in mind. */
import type { BenchReport, BenchRow } from '../rows.js'
import { type Interval, leastProbability, ratioInterval, sameProbability } from './interval.js'

/**
 * `roof`: the time changed, but no more than the memory roof of its own run did, so that the machine did it.
 * `unsure`: so few samples that no difference would be believed, or a roof that moved during the run.
 */
export type Verdict = 'slower' | 'faster' | 'same' | 'roof' | 'unsure'

export interface Comparison {
  /** What both rows measured: suite, kernel, variant, format, …. */
  readonly key: string
  readonly before: BenchRow
  readonly after: BenchRow
  /** Time after over time before: above 1 is slower. */
  readonly ratio: number
  /** 95 % interval of the ratio. */
  readonly interval: Interval
  /** The ratio times the quotient of the roofs: what is left when both ran at the same bandwidth; null for rows in a cache. */
  readonly ratioToRoof: number | null
  /** Probability of such a difference when nothing changed (Mann-Whitney). */
  readonly probability: number
  readonly verdict: Verdict
}

export interface Compared {
  readonly rows: readonly Comparison[]
  /** Keys of rows that only one report has. */
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
  /** What the reports were made on, where that is not the same. */
  readonly cpus?: readonly [before: string, after: string]
}

export interface CompareOptions {
  /** Changes below this are not worth a word: 0.05 is 5 % of the time. Default 0.05. */
  readonly threshold?: number
  /** Probability below which a difference is believed. Default 0.01. */
  readonly significance?: number
}

/** Rows are matched by what they measured; where a report has several of a kind, by their order. */
export function compareReports(before: BenchReport, after: BenchReport, options: CompareOptions = {}): Compared {
  const old = byKey(before.rows)
  const now = byKey(after.rows)
  const rows = [...now].flatMap(([key, row]) => {
    const previous = old.get(key)
    return previous === undefined ? [] : [compareRows(key, previous, row, options)]
  })
  const missing = (from: ReadonlyMap<string, BenchRow>, other: ReadonlyMap<string, BenchRow>): string[] =>
    [...from.keys()].filter((key) => !other.has(key))
  const cpus = [before.machine.cpu, after.machine.cpu] as const
  return {
    rows,
    onlyBefore: missing(old, now),
    onlyAfter: missing(now, old),
    ...(cpus[0] !== cpus[1] && { cpus }),
  }
}

function compareRows(
  key: string,
  before: BenchRow,
  after: BenchRow,
  { threshold = 0.05, significance = 0.01 }: CompareOptions,
): Comparison {
  const ratio = after.medianNs / before.medianNs
  const interval = ratioInterval(before.samplesNs, after.samplesNs)
  const probability = sameProbability(before.samplesNs, after.samplesNs)
  const cached = before.percentOfRoof === null || after.percentOfRoof === null
  const ratioToRoof = cached ? null : (ratio * after.roofGigabytesPerSecond) / before.roofGigabytesPerSecond
  const believed = probability < significance
  // The whole interval is on one side of 1, and its near end or the median far enough from it.
  const slower = believed && interval.low > 1 && ratio > 1 + threshold
  const faster = believed && interval.high < 1 && ratio < 1 / (1 + threshold)
  const limited = isMemoryBound(after) ? ratioToRoof : null
  const byRoof = limited !== null && (slower ? limited < 1 + threshold : faster ? limited > 1 / (1 + threshold) : false)
  const few = leastProbability(before.samplesNs.length, after.samplesNs.length) >= significance
  const moved = before.roofMoved === true || after.roofMoved === true
  const verdict: Verdict =
    few || (moved && (slower || faster)) ? 'unsure' : byRoof ? 'roof' : slower ? 'slower' : faster ? 'faster' : 'same'
  return { key, before, after, ratio, interval, ratioToRoof, probability, verdict }
}

/** Rows near the roof wait for memory; rows farther from it, and many activations, wait for arithmetic, which the roof says nothing of. */
function isMemoryBound({ m, percentOfRoof }: BenchRow): boolean {
  return m <= 8 && percentOfRoof !== null && percentOfRoof > 70
}

function byKey(rows: readonly BenchRow[]): Map<string, BenchRow> {
  const map = new Map<string, BenchRow>()
  for (const row of rows) {
    const { suite, kernel, variant, format, precision, m, n, k, threads, engine } = row
    // Suites may have columns that tell rows apart ('layers'): what differs only in those is told apart by order.
    const name = [suite, kernel, variant, format, precision, `M=${m}`, `${n}x${k}`, `${threads} threads`, engine]
    const key = name.filter((part) => part !== undefined && part !== '').join(' ')
    let unique = key
    for (let i = 2; map.has(unique); i++) unique = `${key} (${i})`
    map.set(unique, row)
  }
  return map
}
