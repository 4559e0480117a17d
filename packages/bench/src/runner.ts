/** Runs suites on a device, one case at a time, each between two measurements of the roof. */
import type { Device } from '@metal-fp4/metal-core'
import { type Roof, openRoof } from './roof.js'
import { type BenchFailure, type BenchRow, caseName, makeRow } from './rows.js'
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
  /** Bytes that a measurement of the roof reads. Default 256 MiB. */
  readonly roofBytes?: number
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
  const context: SuiteContext = { device, threads: device.info.threads, filter, signal }
  const roof = await openRoof(device, roofBytes)
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
    roof.dispose()
  }
  return { rows, failures }
}

/** Roof measurements on either side of a case: with six in all, one disturbed by another process does not show. */
const roofSamples = 3

async function runCase(
  benchCase: BenchCase,
  suite: Suite,
  device: Device,
  roof: Roof,
  sampling: SamplingOptions,
): Promise<BenchRow> {
  const roofs: number[] = []
  const measureRoof = async (): Promise<void> => {
    for (let i = 0; i < roofSamples; i++) roofs.push(await roof.measure())
  }
  await measureRoof()
  const samplesNs = await sampleCase(benchCase, sampling)
  await measureRoof()
  const { name, threads } = device.info
  return makeRow(benchCase, samplesNs, {
    suite: suite.name,
    device: name,
    threads,
    roofGigabytesPerSecond: medianOf(roofs),
  })
}
