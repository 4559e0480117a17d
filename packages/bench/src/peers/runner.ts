/** Runs suites of contests on a device: two rows for each, ours and the peer's. */
import type { Device } from '@metal-fp4/metal-core'
import { messageOf } from '../errors.js'
import { type Roof, openRoof, roofBytesFor } from '../roof.js'
import { type BenchFailure, type BenchRow, caseName, makeRow } from '../rows.js'
import { medianOf } from '../statistics.js'
import { driftOf, roofTolerance } from '../steady.js'
import type { Filter } from '../suite.js'
import { type Contest, type ContestContext, type ContestOptions, type ContestSuite, runContest } from './contest.js'
import type { Peer } from './resolve.js'

export type ContestProgress =
  | { readonly kind: 'case'; readonly suite: string; readonly name: string; readonly threads: number }
  | { readonly kind: 'contest'; readonly ours: BenchRow; readonly peer: BenchRow }
  | { readonly kind: 'failure'; readonly failure: BenchFailure }
  | { readonly kind: 'note'; readonly text: string }

export interface ContestRunOptions extends ContestOptions {
  readonly device: Device
  readonly suites: readonly ContestSuite[]
  readonly peer: Peer
  readonly cacheFolder: string
  readonly filter?: Filter
  readonly roofBytes?: number
  /** See `SuiteContext.minColdBytes`. */
  readonly minColdBytes?: number
  readonly onProgress?: (progress: ContestProgress) => void
}

/** What our rows of a race are made by. */
export const ownEngine = 'metal-fp4'

/** @throws the signal's reason when aborted. A contest that throws becomes a failure, and the next one goes on. */
export async function runContests(options: ContestRunOptions): Promise<{ rows: BenchRow[]; failures: BenchFailure[] }> {
  const { device, suites, peer, cacheFolder, filter = {}, roofBytes, minColdBytes, onProgress } = options
  const signal = options.signal ?? new AbortController().signal
  const { threads } = device.info
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const failed = (suite: string, name: string, error: unknown): void => {
    signal.throwIfAborted()
    const failure = { suite, case: name, threads, message: messageOf(error) }
    failures.push(failure)
    onProgress?.({ kind: 'failure', failure })
  }
  const contextOf = (suite: ContestSuite): ContestContext => ({
    device,
    threads,
    filter,
    signal,
    peer,
    cacheFolder,
    ...(minColdBytes !== undefined && { minColdBytes }),
    onProgress: (text) => onProgress?.({ kind: 'note', text }),
    onFailure: (name, error) => failed(suite.name, name, error),
  })
  const roof = await openRoof(device, roofBytes ?? roofBytesFor(minColdBytes))
  try {
    for (const suite of suites) {
      try {
        const context = contextOf(suite)
        for await (const contest of suite.contests(context)) {
          const name = caseName(contest)
          onProgress?.({ kind: 'case', suite: suite.name, name, threads })
          try {
            const [ours, theirs] = await race(contest, suite, context, roof, { ...options, signal })
            rows.push(ours, theirs)
            onProgress?.({ kind: 'contest', ours, peer: theirs })
          } catch (error) {
            failed(suite.name, name, error)
          }
          signal.throwIfAborted()
        }
      } catch (error) {
        failed(suite.name, 'making its contests', error)
      }
    }
  } finally {
    roof.dispose()
  }
  return { rows, failures }
}

async function race(
  contest: Contest,
  suite: ContestSuite,
  { device, peer }: ContestContext,
  roof: Roof,
  options: ContestOptions,
): Promise<[BenchRow, BenchRow]> {
  const { oursNs, peerNs, ratios, speedup, speedupLow, speedupHigh, roofs } = await runContest(contest, roof, options)
  const { threads } = device.info
  const { peerSettings, peerThreads = threads, peerBytes = contest.bytes, extra } = contest
  const engine = `${peer.name} ${peer.version}`
  const drift = driftOf(roofs)
  const setting = {
    suite: suite.name,
    device: device.info.name,
    threads,
    roofGigabytesPerSecond: medianOf(roofs),
  }
  // Single measurements between pairs, not medians of three: the range of the middle half says whether the roof held still.
  const around = {
    roofSamples: roofs,
    roofDrift: drift,
    ...(middleDrift(roofs) > roofTolerance && { roofMoved: true as const }),
  }
  const run = (): Promise<never> => Promise.reject(new Error('run by the race'))
  const ours = makeRow({ ...contest, run }, oursNs, {
    ...setting,
    more: {
      ...around,
      engine: ownEngine,
      versus: engine,
      // Two threads against one are no race: both times are told, and no quotient of them.
      ...(peerThreads === threads ? { speedup, speedupLow, speedupHigh, ratios } : { unequalThreads: true as const }),
    },
  })
  const theirs = makeRow({ ...contest, run, bytes: peerBytes, ...(extra && { extra }), precision: 'peer' }, peerNs, {
    ...setting,
    threads: peerThreads,
    more: { ...around, engine, ...(peerSettings !== undefined && { peerSettings }) },
  })
  return [ours, theirs]
}

function middleDrift(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const cut = Math.floor(sorted.length / 4)
  return driftOf(sorted.slice(cut, sorted.length - cut))
}
