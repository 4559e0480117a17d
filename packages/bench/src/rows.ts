/** Rows of a report: what every case gives, derived from its samples and the roof measured beside it. */
import type { Machine } from './machine.js'
import { summarize } from './statistics.js'
import type { BenchCase, CountingCase, Counts } from './suite.js'

/** One case. Times are of the device, for one product; GB are 1e9 bytes. */
export interface BenchRow {
  readonly suite: string
  readonly kernel: string
  readonly variant?: string
  readonly format: string
  readonly precision: string
  readonly m: number
  readonly n: number
  readonly k: number
  readonly device: string
  readonly threads: number
  readonly medianNs: number
  readonly minNs: number
  readonly maxNs: number
  /** Interquartile range over the median. */
  readonly relativeSpread: number
  readonly samplesNs: readonly number[]
  readonly bytes: number
  readonly gigabytesPerSecond: number
  /** What plain reads of a large buffer reached, measured just before and after this case with the same threads. */
  readonly roofGigabytesPerSecond: number
  /** null when `cached`: what a cache gives is not measured against the roof of the memory. */
  readonly percentOfRoof: number | null
  /** Only of cases whose bytes stay in a cache from run to run. */
  readonly cached?: true
  /** 1e9 / medianNs: products, layers or steps a second. */
  readonly runsPerSecond: number
  readonly gigaflopsPerSecond?: number
  readonly tokensPerSecond?: number
  /** Columns of the suite's own. */
  readonly [extra: string]: string | number | boolean | null | readonly number[] | undefined
}

/** A counted case: no time, no device. */
export interface CountRow {
  readonly suite: string
  readonly kernel: string
  readonly variant?: string
  readonly format: string
  readonly m: number
  readonly n: number
  readonly k: number
  readonly usefulMultiplyAdds: number
  readonly executedMultiplyAdds: number
  /** usefulMultiplyAdds / executedMultiplyAdds, from 0 to 1. */
  readonly utilization: number
  readonly bytesRead: number
  readonly uniqueBytesRead?: number
  /** Columns of the suite's own. */
  readonly [extra: string]: string | number | undefined
}

/** A case that threw; the others went on. */
export interface BenchFailure {
  readonly suite: string
  readonly case: string
  readonly threads: number
  readonly message: string
}

export interface BenchReport {
  readonly machine: Machine
  readonly rows: readonly BenchRow[]
  /** Rows of suites that count; json and csv have them among the rows. Left out when there are none. */
  readonly counts?: readonly CountRow[]
  /** Left out when nothing failed. */
  readonly failures?: readonly BenchFailure[]
}

/** What the runner knows of a case's surroundings. */
export interface RowSetting {
  readonly suite: string
  readonly device: string
  readonly threads: number
  readonly roofGigabytesPerSecond: number
}

export function makeRow(benchCase: BenchCase, samplesNs: readonly number[], setting: RowSetting): BenchRow {
  const { kernel, variant, format, precision, m, n, k, bytes, cached, operations, tokens, extra } = benchCase
  const { median, min, max, relativeSpread } = summarize(samplesNs)
  const gigabytesPerSecond = bytes / median
  return {
    suite: setting.suite,
    kernel,
    ...(variant === undefined ? {} : { variant }),
    format,
    precision,
    m,
    n,
    k,
    device: setting.device,
    threads: setting.threads,
    medianNs: median,
    minNs: min,
    maxNs: max,
    relativeSpread,
    samplesNs,
    bytes,
    gigabytesPerSecond,
    roofGigabytesPerSecond: setting.roofGigabytesPerSecond,
    percentOfRoof: cached === true ? null : (100 * gigabytesPerSecond) / setting.roofGigabytesPerSecond,
    ...(cached === true ? { cached } : {}),
    runsPerSecond: 1e9 / median,
    ...(operations === undefined ? {} : { gigaflopsPerSecond: operations / median }),
    ...(tokens === undefined ? {} : { tokensPerSecond: (tokens * 1e9) / median }),
    ...extra,
  }
}

export function makeCountRow(suite: string, one: CountingCase, counts: Counts): CountRow {
  const { kernel, variant, format, m, n, k, extra } = one
  const { usefulMultiplyAdds, executedMultiplyAdds, bytesRead, uniqueBytesRead } = counts
  return {
    suite,
    kernel,
    ...(variant === undefined ? {} : { variant }),
    format,
    m,
    n,
    k,
    usefulMultiplyAdds,
    executedMultiplyAdds,
    utilization: executedMultiplyAdds === 0 ? 0 : usefulMultiplyAdds / executedMultiplyAdds,
    bytesRead,
    ...(uniqueBytesRead === undefined ? {} : { uniqueBytesRead }),
    ...extra,
  }
}

/** "gemm_fp4 rows8 fp4 M=16 4096x14336": a case in messages. */
export function caseName({ kernel, variant, format, m, n, k }: Omit<CountingCase, 'count'>): string {
  return [kernel, variant, format, `M=${m}`, `${n}x${k}`].filter(Boolean).join(' ')
}
