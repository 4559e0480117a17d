/** Runs suites on a device, one case at a time, the roof beside it. */
import type { Device } from '@metal-fp4/metal-core'
import { type Roof, openRoof, roofBytesFor } from './roof.js'
import { type BenchFailure, type BenchRow, caseName, makeRow, profileFields } from './rows.js'
import { messageOf } from './errors.js'
import { type Round, type SamplingOptions, sampleRounds } from './sampling.js'
import { medianOf } from './statistics.js'
import { driftOf, steadyRounds } from './steady.js'
import type { BenchCase, Filter, Suite, SuiteContext } from './suite.js'

/** Told as the run goes on; the CLI writes it to stderr. */
export type RunProgress =
  | { readonly kind: 'case'; readonly suite: string; readonly name: string; readonly threads: number }
  | { readonly kind: 'row'; readonly row: BenchRow }
  | { readonly kind: 'failure'; readonly failure: BenchFailure }

export interface RunOptions extends SamplingOptions {
  readonly device: Device
  readonly suites: readonly Suite[]
  readonly filter?: Filter
  /** How often a case is run at most until half as many rounds as it has saw one roof. Default 3. */
  readonly attempts?: number
  /** Compare each case that has a check with its oracle first. Default false. */
  readonly check?: boolean
  /** Bytes that a measurement of the roof reads. Default 256 MiB. */
  readonly roofBytes?: number
  /** A roof that is open already and stays so. Default: one of `roofBytes`, for this run. */
  readonly roof?: Roof
  /** See `SuiteContext.minColdBytes`. */
  readonly minColdBytes?: number
  readonly onProgress?: (progress: RunProgress) => void
}

/**
 * Rows in the order run. A case that throws becomes a failure and the next one goes on; a suite whose generator throws
 * ends there.
 * @throws the signal's reason when aborted, and what opening the roof throws.
 */
export async function runSuites(options: RunOptions): Promise<{ rows: BenchRow[]; failures: BenchFailure[] }> {
  const { device, suites, filter = {}, roofBytes, onProgress } = options
  const signal = options.signal ?? new AbortController().signal
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const { minColdBytes } = options
  const context: SuiteContext = {
    device,
    threads: device.info.threads,
    filter,
    signal,
    ...(minColdBytes !== undefined && { minColdBytes }),
  }
  const roof = options.roof ?? (await openRoof(device, roofBytes ?? roofBytesFor(options.minColdBytes)))
  const failed = (suite: Suite, name: string, error: unknown): void => {
    signal.throwIfAborted()
    const failure = { suite: suite.name, case: name, threads: context.threads, message: messageOf(error) }
    failures.push(failure)
    onProgress?.({ kind: 'failure', failure })
  }
  try {
    for (const suite of suites) {
      try {
        for await (const benchCase of suite.cases(context)) {
          const name = caseName(benchCase)
          onProgress?.({ kind: 'case', suite: suite.name, name, threads: context.threads })
          try {
            const row = await runCase(benchCase, suite, device, roof, { ...options, signal })
            rows.push(row)
            onProgress?.({ kind: 'row', row })
          } catch (error) {
            failed(suite, name, error)
          }
          signal.throwIfAborted()
        }
      } catch (error) {
        failed(suite, 'making its cases', error)
      }
    }
  } finally {
    if (options.roof === undefined) roof.dispose()
  }
  return { rows, failures }
}

/** How many measurements of the read roof go by for one of the copy roof. */
const copyRoofEvery = 4

async function runCase(
  benchCase: BenchCase,
  suite: Suite,
  device: Device,
  roof: Roof,
  options: RunOptions,
): Promise<BenchRow> {
  const { attempts = 3, check = false } = options
  const checked = check && benchCase.check !== undefined
  if (checked) await benchCase.check?.()
  const copies: number[] = []
  let measured = 0
  const measureRoof = async (): Promise<number> => {
    if (measured++ % copyRoofEvery === 0) copies.push(await roof.measureCopy())
    return roof.measure()
  }
  const all = await sampleRounds(benchCase, measureRoof, options)
  // What a cache holds does not wait for the memory, whose roof may be as it likes.
  const choose = (): Round[] => (benchCase.cached === true ? all : steadyRounds(all))
  const wanted = all.length / 2
  let tried = 1
  for (; choose().length < wanted && tried < attempts; tried++) {
    all.push(...(await sampleRounds(benchCase, measureRoof, options)))
  }
  const steady = choose()
  const moved = steady.length < wanted
  const kept = moved ? all : steady
  const roofs = roofsOf(kept)
  const others = all.filter((round) => !kept.includes(round))
  const profile = await benchCase.profile?.()
  const { name, threads } = device.info
  return makeRow(benchCase, samplesOf(kept), {
    suite: suite.name,
    device: name,
    threads,
    roofGigabytesPerSecond: medianOf(roofs),
    more: {
      copyRoofGigabytesPerSecond: medianOf(copies),
      roofSamples: roofs,
      roofDrift: driftOf(roofs),
      ...(tried > 1 && { attempts: tried }),
      ...(others.length > 0 && { otherSamplesNs: samplesOf(others), otherRoofSamples: roofsOf(others) }),
      ...(moved && { roofMoved: true }),
      ...timesOf(benchCase, kept),
      ...(checked && { checked: true }),
      ...(profile && profileFields(profile)),
    },
  })
}

function samplesOf(rounds: readonly Round[]): number[] {
  return rounds.flatMap(({ samplesNs }) => samplesNs)
}

/** Each measurement once: the one after a round is the one before the next. */
function roofsOf(rounds: readonly Round[]): number[] {
  return rounds.flatMap(({ roofs: [before, after] }, i) =>
    before === rounds[i - 1]?.roofs[1] ? [after] : [before, after],
  )
}

/** How many times as long as `against` the case takes, pair by pair. */
function timesOf({ against }: BenchCase, rounds: readonly Round[]): Partial<BenchRow> {
  if (!against) return {}
  const ratios = rounds.flatMap(({ samplesNs, againstNs }) => samplesNs.map((ns, i) => ns / againstNs[i]))
  return { against: against.what, times: medianOf(ratios), againstNs: rounds.flatMap(({ againstNs }) => againstNs) }
}
