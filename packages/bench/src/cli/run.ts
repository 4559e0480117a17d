/** Opens a device for each number of threads and runs the suites on it, and those that count without one, telling stderr how it goes. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { type CountProgress, countSuites } from '../counting.js'
import { describeMachine } from '../machine.js'
import { isContest } from '../peers/contest.js'
import { resolvePeer } from '../peers/resolve.js'
import { type ContestProgress, runContests } from '../peers/runner.js'
import { duration } from '../reporters/columns.js'
import type { BenchFailure, BenchReport, BenchRow, CountRow } from '../rows.js'
import { type RunProgress, runSuites } from '../runner.js'
import { type Filter, type Suite, isCounting } from '../suite.js'
import type { Io } from './io.js'
import type { CliOptions } from './program.js'
import type { AnySuite } from './suites.js'

export async function runOnDevices(
  suites: readonly AnySuite[],
  flags: CliOptions,
  { stderr, signal, terminal }: Io,
  roofBytes?: number,
): Promise<BenchReport> {
  const peer = flags.peer && resolvePeer(flags.peer)
  const machine = describeMachine()
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const counts: CountRow[] = []
  const contests = suites.filter(isContest)
  const timed = suites.filter((suite): suite is Suite => !isCounting(suite) && !isContest(suite))
  const onProgress = (progress: RunProgress | CountProgress | ContestProgress): void => {
    if (progress.kind === 'row') rows.push(progress.row)
    if (progress.kind === 'contest') rows.push(progress.ours, progress.peer)
    if (progress.kind === 'counted') counts.push(progress.row)
    if (progress.kind === 'failure') failures.push(progress.failure)
    if (progress.kind !== 'note') stderr(progressText(progress))
    else if (terminal) stderr(`\r\u001b[K${progress.text}`)
  }
  try {
    const common = {
      filter: filterOf(flags),
      ...(signal && { signal }),
      ...(roofBytes !== undefined && { roofBytes }),
      onProgress,
    }
    await countSuites({ suites: suites.filter(isCounting), ...common })
    for (const threads of timed.length + contests.length > 0 ? await threadCounts(flags) : []) {
      const device = await open(flags, threads, stderr)
      try {
        if (timed.length > 0) await runSuites({ device, suites: timed, ...samplingOf(flags), ...common })
        if (peer) {
          const cacheFolder = resolve(flags.cache ?? defaultCacheFolder())
          await runContests({ device, suites: contests, peer, cacheFolder, ...samplingOf(flags), ...common })
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

/** By default one thread and all of them: the first shows the kernel, the second what a user gets. A GPU has no choice. */
async function threadCounts(flags: CliOptions): Promise<readonly (number | undefined)[]> {
  if (flags.threads) return flags.threads
  const probe = await open(flags, undefined, () => undefined)
  const { backend, threads } = probe.info
  probe.dispose()
  return backend !== 'cpu' ? [undefined] : threads > 1 ? [1, threads] : [1]
}

function open(flags: CliOptions, threads: number | undefined, stderr: (text: string) => void): Promise<Device> {
  return createDevice({
    ...(flags.device && { backend: flags.device }),
    ...(threads !== undefined && { threads }),
    onWarning: (message) => {
      stderr(`warning: ${message}\n`)
    },
  })
}

function filterOf({ shape, m, format, geometry, vocab, precision }: CliOptions): Filter {
  return {
    ...(shape && { shapes: shape }),
    ...(m && { m }),
    ...(format && { formats: format }),
    ...(geometry && { geometries: geometry }),
    ...(vocab !== undefined && { vocabSize: vocab }),
    ...(precision && { precisions: precision }),
  }
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

function progressText(progress: Exclude<RunProgress | CountProgress | ContestProgress, { kind: 'note' }>): string {
  switch (progress.kind) {
    case 'case': {
      const { suite, name } = progress
      if (!('threads' in progress)) return `${suite}: ${name} … `
      return `${suite}: ${name}, ${progress.threads} ${progress.threads === 1 ? 'thread' : 'threads'} … `
    }
    case 'counted':
      return `${(100 * progress.row.utilization).toFixed(1)} % useful\n`
    case 'row': {
      const { medianNs, percentOfRoof, tokensPerSecond, roofMoved } = progress.row
      const tokens = tokensPerSecond === undefined ? '' : `, ${tokensPerSecond.toFixed(1)} tokens/s`
      return `${duration(medianNs)}, ${percentOfRoof === null ? 'cached' : `${percentOfRoof.toFixed(0)} % of roof`}${tokens}${roofMoved ? ', the roof moved' : ''}\n`
    }
    case 'contest': {
      const { medianNs, versus = '', speedup = NaN, speedupLow = NaN, speedupHigh = NaN } = progress.ours
      const range = `${speedupLow.toFixed(2)} to ${speedupHigh.toFixed(2)}`
      return `${duration(medianNs)}, ${speedup.toFixed(2)} times as fast as ${versus} (${range})\n`
    }
    case 'failure':
      return `failed: ${progress.failure.case}: ${progress.failure.message}\n`
  }
}
