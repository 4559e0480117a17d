/** Runs suites on a device, one case at a time, each between two measurements of the roof. */
import type { Device } from '@metal-fp4/metal-core'
import { type Roof, openRoof, roofBytesFor } from './roof.js'
import { type BenchFailure, type BenchRow, caseName, makeRow, profileFields } from './rows.js'
import { messageOf } from './errors.js'
import { type SamplingOptions, sampleCase } from './sampling.js'
import { medianOf } from './statistics.js'
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
  /** How often a case is run at most until the roof holds still within it. Default 3. */
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

/** Measurements of the roof before, halfway through and after a case: of three, one disturbed by another process does not show. */
const roofSamples = 3

/** How far the roof may move within a case: beyond it the case is run again. */
export const roofTolerance = 0.15

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
  const once = async (): Promise<Attempt> => {
    const roofs: number[][] = []
    const measureRoof = async (): Promise<void> => {
      const some: number[] = []
      for (let i = 0; i < roofSamples; i++) some.push(await roof.measure())
      copies.push(await roof.measureCopy())
      roofs.push(some)
    }
    await measureRoof()
    const samplesNs = await sampleCase(benchCase, { ...options, between: measureRoof })
    await measureRoof()
    return { samplesNs, roofs: roofs.flat(), drift: driftOf(roofs.map(medianOf)) }
  }
  let best = await once()
  let tried = 1
  // What a cache holds does not wait for the memory, and a roof that is a constant does not move.
  for (; best.drift > roofTolerance && benchCase.cached !== true && tried < attempts; tried++) {
    const next = await once()
    if (next.drift < best.drift) best = next
  }
  const profile = await benchCase.profile?.()
  const { name, threads } = device.info
  return makeRow(benchCase, best.samplesNs, {
    suite: suite.name,
    device: name,
    threads,
    roofGigabytesPerSecond: medianOf(best.roofs),
    more: {
      copyRoofGigabytesPerSecond: medianOf(copies),
      roofSamples: best.roofs,
      roofDrift: best.drift,
      ...(tried > 1 && { attempts: tried }),
      ...(best.drift > roofTolerance && benchCase.cached !== true && { roofMoved: true }),
      ...(checked && { checked: true }),
      ...(profile && profileFields(profile)),
    },
  })
}

interface Attempt {
  readonly samplesNs: readonly number[]
  readonly roofs: readonly number[]
  readonly drift: number
}

/** The largest over the smallest, minus 1. */
export function driftOf(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values) - 1
}
