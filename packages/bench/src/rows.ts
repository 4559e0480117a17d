/** Rows of a report: what every case gives, derived from its samples and the roof measured beside it. */
import type { Goal } from './goals.js'
import type { Machine } from './machine.js'
import { summarize } from './statistics.js'
import type { BenchCase, CountingCase, Counts, Part, Profile } from './suite.js'

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
  /** What plain reads of a large buffer reached, measured between the rounds of this case with the same threads. */
  readonly roofGigabytesPerSecond: number
  /** The same for a copy, bytes read and written together. */
  readonly copyRoofGigabytesPerSecond?: number
  /** Every measurement of the read roof: before and after each round of samples. */
  readonly roofSamples?: readonly number[]
  /** The largest of them over the smallest, minus 1. */
  readonly roofDrift?: number
  /** What was sampled under another roof (by more than 15 %), and so has no part in this row; left out for nothing. */
  readonly otherSamplesNs?: readonly number[]
  readonly otherRoofSamples?: readonly number[]
  /** How often the case was run until enough rounds saw one roof; left out for once. */
  readonly attempts?: number
  /** They never did, or with fewer than six samples: all rounds are in the row, and the share of the roof is not to be relied upon. */
  readonly roofMoved?: true
  /** What the case is compared with, one after the other: 'M = 1'. */
  readonly against?: string
  /** How many times as long the case takes: the median over the pairs. */
  readonly times?: number
  /** The interval that holds it with 95 % confidence. */
  readonly timesLow?: number
  readonly timesHigh?: number
  readonly againstNs?: readonly number[]
  /** The values were compared with the oracle before anything was timed. */
  readonly checked?: true
  /** What a peer's row was made by, and in a race ours: 'metal-fp4', 'node-llama-cpp 3.22.1'. */
  readonly engine?: string
  /** In a race, on our row: the peer, how much faster than it (median of pairs), and the 95 % interval of that. */
  readonly versus?: string
  readonly speedup?: number
  readonly speedupLow?: number
  readonly speedupHigh?: number
  /** The peer's time over ours, pair by pair. */
  readonly ratios?: readonly number[]
  /** In a race, on our row, instead of a speedup: the peer could not run with as many threads; its row says with how many it did. */
  readonly unequalThreads?: true
  /** Where the time of a step goes, by kernel. */
  readonly parts?: readonly Part[]
  /** Nanoseconds of a step that no kernel has: handing out work, waiting for it, the host. */
  readonly outsideKernelsNs?: number
  /** Of `parts` and it together, which are measured at one time; `medianNs` is of another. */
  readonly outsideKernelsPercent?: number
  /**
   * The median over the rounds of a case, each against the roof before and after it; elsewhere of the row's own two medians. null when
   * `cached`: what a cache gives is not measured against the roof of the memory.
   */
  readonly percentOfRoof: number | null
  /** The interval that holds it with 95 % confidence, of a case with rounds. */
  readonly percentOfRoofLow?: number
  readonly percentOfRoofHigh?: number
  /** Only of cases whose bytes stay in a cache from run to run. */
  readonly cached?: true
  /** 1e9 / medianNs: products, layers or steps a second. */
  readonly runsPerSecond: number
  readonly gigaflopsPerSecond?: number
  readonly tokensPerSecond?: number
  /** Of a packer. */
  readonly weightsPerSecond?: number
  /** Columns of the suite's own. */
  readonly [extra: string]: string | number | boolean | null | readonly number[] | readonly Part[] | undefined
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

/** How the report was made, for whoever wants to make it again. */
export interface RunDescription {
  /** The arguments after `bench`. */
  readonly arguments: readonly string[]
  /** The commit of the repository that was run, with '+' when files differed from it; null outside one. */
  readonly commit: string | null
  /** Versions of packages by name. */
  readonly versions: Readonly<Record<string, string>>
}

export interface BenchReport {
  readonly machine: Machine
  /** Left out by who calls `runSuites` without the command line. */
  readonly run?: RunDescription
  readonly rows: readonly BenchRow[]
  /** Rows of suites that count; json and csv have them among the rows. Left out when there are none. */
  readonly counts?: readonly CountRow[]
  /** What a preset wants of the rows; left out where nothing is wanted. */
  readonly goals?: readonly Goal[]
  /** Left out when nothing failed. */
  readonly failures?: readonly BenchFailure[]
}

/** What the runner knows of a case's surroundings. */
export interface RowSetting {
  readonly suite: string
  readonly device: string
  readonly threads: number
  readonly roofGigabytesPerSecond: number
  /** More fields of the row that the runner knows. */
  readonly more?: Partial<BenchRow>
}

export function makeRow(benchCase: BenchCase, samplesNs: readonly number[], setting: RowSetting): BenchRow {
  const { kernel, variant, format, precision, m, n, k, bytes, cached, operations, tokens, weights, extra } = benchCase
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
    ...(weights === undefined ? {} : { weightsPerSecond: (weights * 1e9) / median }),
    ...setting.more,
    ...extra,
  }
}

/** The fields of a profile. */
export function profileFields({ parts, outsideKernelsNs }: Profile): Partial<BenchRow> {
  if (outsideKernelsNs === undefined) return { parts }
  const stepNs = parts.reduce((sum, { durationNs }) => sum + durationNs, outsideKernelsNs)
  return { parts, outsideKernelsNs, outsideKernelsPercent: (100 * outsideKernelsNs) / stepNs }
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
