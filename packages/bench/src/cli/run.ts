/** Opens a device for each number of threads and runs the suites on it, and those that count without one. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { BackendUnavailableError, type Device, createDevice } from '@metal-fp4/metal-core'
import { type CountProgress, countSuites } from '../counting.js'
import { BenchError, fail } from '../errors.js'
import { describeMachine } from '../machine.js'
import { isContest } from '../peers/contest.js'
import { type Peer, resolvePeer } from '../peers/resolve.js'
import { type ContestProgress, runContests } from '../peers/runner.js'
import type { BenchFailure, BenchReport, BenchRow, CountRow } from '../rows.js'
import { type RunProgress, runSuites } from '../runner.js'
import { type Filter, type Suite, isCounting } from '../suite.js'
import type { Io } from './io.js'
import type { CliOptions } from './program.js'
import { progressWriter } from './progress.js'
import type { AnySuite } from './suites.js'

/** Suites, and what is wanted of them. */
export interface Job {
  readonly suites: readonly AnySuite[]
  readonly filter: Filter
  /** Only with these numbers of threads. */
  readonly threads?: readonly number[]
}

export async function runOnDevices(
  jobs: readonly Job[],
  flags: CliOptions,
  { stderr, signal, terminal }: Io,
  roofBytes?: number,
): Promise<BenchReport> {
  const peer = flags.peer && resolvePeer(flags.peer)
  const machine = describeMachine()
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const counts: CountRow[] = []
  const show = progressWriter({ stderr, terminal })
  const common: Common = {
    ...samplingOf(flags),
    ...(signal && { signal }),
    ...(roofBytes !== undefined && { roofBytes }),
    ...(flags.cold !== undefined && { minColdBytes: flags.cold * 2 ** 20 }),
    onProgress(progress) {
      if (progress.kind === 'row') rows.push(progress.row)
      if (progress.kind === 'contest') rows.push(progress.ours, progress.peer)
      if (progress.kind === 'counted') counts.push(progress.row)
      if (progress.kind === 'failure') failures.push(progress.failure)
      show(progress)
    },
  }
  try {
    for (const { suites, filter } of jobs) await countSuites({ ...common, suites: suites.filter(isCounting), filter })
    const counting = jobs.every(({ suites }) => suites.every(isCounting))
    for (const threads of counting ? [] : await threadCounts(flags)) {
      const device = await openDevice(flags.device, threads, stderr)
      try {
        for (const job of jobs) {
          if (threads === undefined || (job.threads?.includes(threads) ?? true))
            await runJob(job, device, flags, peer, common)
        }
      } finally {
        device.dispose()
      }
    }
  } catch (error) {
    // Rows made before Ctrl-C are still worth printing.
    if (!signal?.aborted) throw error
  }
  return { machine, rows, ...(counts.length > 0 && { counts }), ...(failures.length > 0 && { failures }) }
}

interface Common extends Sampling {
  readonly signal?: AbortSignal
  readonly roofBytes?: number
  readonly minColdBytes?: number
  readonly onProgress: (progress: RunProgress | CountProgress | ContestProgress) => void
}

async function runJob(
  { suites, filter }: Job,
  device: Device,
  { cache = defaultCacheFolder() }: CliOptions,
  peer: Peer | undefined,
  common: Common,
): Promise<void> {
  const timed = suites.filter((suite): suite is Suite => !isCounting(suite) && !isContest(suite))
  const contests = suites.filter(isContest)
  if (timed.length > 0) await runSuites({ ...common, device, suites: timed, filter })
  if (peer && contests.length > 0) {
    await runContests({ ...common, device, suites: contests, filter, peer, cacheFolder: resolve(cache) })
  }
}

/** By default one thread and all of them: the first shows the kernel, the second what a user gets. A GPU has no choice. */
async function threadCounts(flags: CliOptions): Promise<readonly (number | undefined)[]> {
  if (flags.threads) {
    // All of them before anything runs.
    const most = Math.max(...flags.threads)
    ;(await openDevice(flags.device, most, () => undefined)).dispose()
    return flags.threads
  }
  const probe = await openDevice(flags.device, undefined, () => undefined)
  const { backend, threads } = probe.info
  probe.dispose()
  return backend !== 'cpu' ? [undefined] : threads > 1 ? [1, threads] : [1]
}

/** @throws BenchError for a backend or threads that this system does not have: a flag that cannot be met is a bad flag. */
export async function openDevice(
  backend: CliOptions['device'],
  threads: number | undefined,
  stderr: (text: string) => void,
): Promise<Device> {
  let device: Device
  try {
    device = await createDevice({
      ...(backend && { backend }),
      ...(threads !== undefined && { threads }),
      onWarning: (message) => {
        stderr(`warning: ${message}\n`)
      },
    })
  } catch (error) {
    if (!(error instanceof BackendUnavailableError) || backend === undefined) throw error
    throw new BenchError(error.message, { cause: error })
  }
  const { info } = device
  if (threads === undefined || info.backend !== 'cpu' || info.threads === threads) return device
  device.dispose()
  return fail(
    '--threads',
    `at most ${info.threads}`,
    String(threads),
    'With more than there are cores, threads wait for one another.',
  )
}

interface Sampling {
  readonly samples?: number
  readonly timeMs?: number
  readonly attempts: number
  readonly check: boolean
}

function samplingOf({ samples, time, attempts, check = false }: CliOptions): Sampling {
  return { attempts, check, ...(samples !== undefined && { samples }), ...(time !== undefined && { timeMs: time }) }
}

/** Where programs of this user keep what can be made again. */
function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  const folder =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : process.platform === 'win32' && LOCALAPPDATA
        ? LOCALAPPDATA
        : XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(folder, 'metal-fp4-bench')
}
