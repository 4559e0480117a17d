/** Runs suites that count: no device, no clock, one case at a time. */
import { messageOf } from './errors.js'
import { type BenchFailure, type CountRow, caseName, makeCountRow } from './rows.js'
import type { CountingSuite, Filter } from './suite.js'

/** Told as the run goes on. */
export type CountProgress =
  | { readonly kind: 'case'; readonly suite: string; readonly name: string }
  | { readonly kind: 'counted'; readonly row: CountRow }
  | { readonly kind: 'failure'; readonly failure: BenchFailure }

export interface CountOptions {
  readonly suites: readonly CountingSuite[]
  readonly filter?: Filter
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: CountProgress) => void
}

/**
 * Rows in the order run. A case that throws becomes a failure and the next one goes on; a suite whose generator throws ends there.
 * @throws the signal's reason when aborted.
 */
export async function countSuites(options: CountOptions): Promise<{ rows: CountRow[]; failures: BenchFailure[] }> {
  const { suites, filter = {}, onProgress } = options
  const signal = options.signal ?? new AbortController().signal
  const rows: CountRow[] = []
  const failures: BenchFailure[] = []
  const failed = (suite: string, name: string, error: unknown): void => {
    signal.throwIfAborted()
    const failure = { suite, case: name, threads: 0, message: messageOf(error) }
    failures.push(failure)
    onProgress?.({ kind: 'failure', failure })
  }
  for (const suite of suites) {
    try {
      for await (const one of suite.counts({ filter, signal })) {
        onProgress?.({ kind: 'case', suite: suite.name, name: caseName(one) })
        try {
          const row = makeCountRow(suite.name, one, await one.count())
          rows.push(row)
          onProgress?.({ kind: 'counted', row })
        } catch (error) {
          failed(suite.name, caseName(one), error)
        }
        signal.throwIfAborted()
      }
    } catch (error) {
      failed(suite.name, 'making its cases', error)
    }
  }
  return { rows, failures }
}
