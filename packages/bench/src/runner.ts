/** Runs suites on a device, one case at a time, the roof beside it. */
import type { Device } from '@metal-fp4/metal-core'
import { type Roof, openRoof, roofBytesFor } from './roof.js'
import { type BenchFailure, type BenchRow, caseName, makeRow, profileFields } from './rows.js'
import { messageOf } from './errors.js'
import { medianInterval } from './compare/interval.js'
import { type Round, type RoofReading, type SamplingOptions, fewestSamples, sampleRounds } from './sampling.js'
import { medianOf } from './statistics.js'
import { driftOf, roofsOf, steadyRounds } from './steady.js'
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
  /** How often a case is run at most until half of all its rounds saw one roof. Default 3. */
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

async function runCase(
  benchCase: BenchCase,
  suite: Suite,
  device: Device,
  roof: Roof,
  options: RunOptions,
): Promise<BenchRow> {
  const { attempts = 3, check = false, samples = fewestSamples } = options
  const checked = check && benchCase.check !== undefined
  if (checked) await benchCase.check?.()
  // Of two readings the higher one: what disturbs a reading makes it lower.
  const measureRoof = async (): Promise<RoofReading> => ({
    read: Math.max(await roof.measure(), await roof.measure()),
    copy: await roof.measureCopy(),
  })
  const all = await sampleRounds(benchCase, measureRoof, options)
  // What a cache holds does not wait for the memory, whose roof may be as it likes.
  const choose = (): Round[] => (benchCase.cached === true ? all : steadyRounds(all))
  const enough = (chosen: readonly Round[]): boolean =>
    chosen.length >= all.length / 2 && samplesOf(chosen).length >= Math.min(samples, fewestSamples)
  let tried = 1
  for (; !enough(choose()) && tried < attempts; tried++) {
    all.push(...(await sampleRounds(benchCase, measureRoof, options)))
  }
  const steady = choose()
  const moved = !enough(steady)
  const kept = moved ? all : steady
  const roofs = roofsOf(kept)
  const others = all.filter((round) => !kept.includes(round))
  const profile = await benchCase.profile?.()
  const { name, threads } = device.info
  return makeRow(benchCase, samplesOf(kept), {
    suite: suite.name,
    device: name,
    threads,
    roofGigabytesPerSecond: medianOf(roofs.map(({ read }) => read)),
    more: {
      ...shareOf(benchCase, kept),
      copyRoofGigabytesPerSecond: medianOf(roofs.map(({ copy }) => copy)),
      roofSamples: roofs.map(({ read }) => read),
      roofDrift: driftOf(roofs.map(({ read }) => read)),
      ...(tried > 1 && { attempts: tried }),
      ...(others.length > 0 && {
        otherSamplesNs: samplesOf(others),
        otherRoofSamples: roofsOf(others).map(({ read }) => read),
      }),
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

/** The share of the roof, round by round: what slows both the case and the memory leaves it alone. */
function shareOf({ bytes, cached }: BenchCase, rounds: readonly Round[]): Partial<BenchRow> {
  if (cached === true) return {}
  const shares = rounds.map(
    ({ samplesNs, before, after }) => (100 * bytes) / medianOf(samplesNs) / ((before.read + after.read) / 2),
  )
  const { low, high } = medianInterval(shares)
  return { percentOfRoof: medianOf(shares), percentOfRoofLow: low, percentOfRoofHigh: high }
}

/** How many times as long as `against` the case takes, pair by pair. */
function timesOf({ against }: BenchCase, rounds: readonly Round[]): Partial<BenchRow> {
  if (!against) return {}
  const ratios = rounds.flatMap(({ samplesNs, againstNs }) => samplesNs.map((ns, i) => ns / againstNs[i]))
  const { low, high } = medianInterval(ratios)
  const againstNs = rounds.flatMap((round) => round.againstNs)
  return { against: against.what, times: medianOf(ratios), timesLow: low, timesHigh: high, againstNs }
}
