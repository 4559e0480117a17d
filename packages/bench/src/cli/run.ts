/** Opens a device for each number of threads and runs the suites on it, and those that count without one, telling stderr how it goes. */
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { type CountProgress, countSuites } from '../counting.js'
import { describeMachine } from '../machine.js'
import { duration } from '../reporters/columns.js'
import type { BenchFailure, BenchReport, BenchRow, CountRow } from '../rows.js'
import { type RunProgress, runSuites } from '../runner.js'
import { type CountingSuite, type Filter, type Suite, isCounting } from '../suite.js'
import type { CliOptions } from './program.js'

export async function runOnDevices(
  suites: readonly (Suite | CountingSuite)[],
  flags: CliOptions,
  stderr: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<BenchReport> {
  const machine = describeMachine()
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const counts: CountRow[] = []
  const timed = suites.filter((suite): suite is Suite => !isCounting(suite))
  const onProgress = (progress: RunProgress | CountProgress): void => {
    if (progress.kind === 'row') rows.push(progress.row)
    if (progress.kind === 'counted') counts.push(progress.row)
    if (progress.kind === 'failure') failures.push(progress.failure)
    stderr(progressText(progress))
  }
  try {
    const common = { filter: filterOf(flags), ...(signal && { signal }), onProgress }
    await countSuites({ suites: suites.filter(isCounting), ...common })
    for (const threads of timed.length > 0 ? await threadCounts(flags) : []) {
      const device = await open(flags, threads, stderr)
      try {
        await runSuites({ device, suites: timed, ...samplingOf(flags), ...common })
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

function filterOf({ shape, m, format }: CliOptions): Filter {
  return { ...(shape && { shapes: shape }), ...(m && { m }), ...(format && { formats: format }) }
}

function samplingOf({ samples, time }: CliOptions): { samples?: number; timeMs?: number } {
  return { ...(samples !== undefined && { samples }), ...(time !== undefined && { timeMs: time }) }
}

function progressText(progress: RunProgress | CountProgress): string {
  switch (progress.kind) {
    case 'case': {
      const { suite, name } = progress
      if (!('threads' in progress)) return `${suite}: ${name} … `
      return `${suite}: ${name}, ${progress.threads} ${progress.threads === 1 ? 'thread' : 'threads'} … `
    }
    case 'counted':
      return `${(100 * progress.row.utilization).toFixed(1)} % useful\n`
    case 'row': {
      const { medianNs, percentOfRoof, tokensPerSecond } = progress.row
      const tokens = tokensPerSecond === undefined ? '' : `, ${tokensPerSecond.toFixed(1)} tokens/s`
      return `${duration(medianNs)}, ${percentOfRoof === null ? 'cached' : `${percentOfRoof.toFixed(0)} % of roof`}${tokens}\n`
    }
    case 'failure':
      return `failed: ${progress.failure.case}: ${progress.failure.message}\n`
  }
}
