/** Opens a device for each number of threads and runs the suites on it, telling stderr how it goes. */
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { describeMachine } from '../machine.js'
import { duration } from '../reporters/columns.js'
import type { BenchFailure, BenchReport, BenchRow } from '../rows.js'
import { type RunProgress, runSuites } from '../runner.js'
import type { Filter, Suite } from '../suite.js'
import type { CliOptions } from './program.js'

export async function runOnDevices(
  suites: readonly Suite[],
  flags: CliOptions,
  stderr: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<BenchReport> {
  const machine = describeMachine()
  const rows: BenchRow[] = []
  const failures: BenchFailure[] = []
  const onProgress = (progress: RunProgress): void => {
    if (progress.kind === 'row') rows.push(progress.row)
    if (progress.kind === 'failure') failures.push(progress.failure)
    stderr(progressText(progress))
  }
  try {
    for (const threads of await threadCounts(flags)) {
      const device = await open(flags, threads, stderr)
      try {
        await runSuites({
          device,
          suites,
          filter: filterOf(flags),
          ...samplingOf(flags),
          ...(signal && { signal }),
          onProgress,
        })
      } finally {
        device.dispose()
      }
    }
  } catch (error) {
    // Rows made before Ctrl-C are still worth printing.
    if (!signal?.aborted) throw error
  }
  return { machine, rows, ...(failures.length > 0 && { failures }) }
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

function progressText(progress: RunProgress): string {
  switch (progress.kind) {
    case 'case': {
      const { suite, name, threads } = progress
      return `${suite}: ${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'} … `
    }
    case 'row': {
      const { medianNs, percentOfRoof, tokensPerSecond } = progress.row
      const tokens = tokensPerSecond === undefined ? '' : `, ${tokensPerSecond.toFixed(1)} tokens/s`
      return `${duration(medianNs)}, ${percentOfRoof === null ? 'cached' : `${percentOfRoof.toFixed(0)} % of roof`}${tokens}\n`
    }
    case 'failure':
      return `failed: ${progress.failure.case}: ${progress.failure.message}\n`
  }
}
