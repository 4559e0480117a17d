/** Runs a case until its time is spent: warm-up, then samples of device time for one product. */
import { fail } from './errors.js'
import type { BenchCase, Timing } from './suite.js'

export interface SamplingOptions {
  /** Exactly this many samples, whatever they take. */
  readonly samples?: number
  /** Wall-clock milliseconds for warm-up and samples of one case. Default 600. */
  readonly timeMs?: number
  readonly signal?: AbortSignal
  /** Called once, when half of the samples are taken; its time is not counted. */
  readonly between?: () => Promise<void>
  /** The clock of the budget, in milliseconds: for tests. */
  readonly now?: () => number
}

/** Fewer have no 95 % interval of their median; beyond many a fast case gains nothing. */
const fewestSamples = 6
const mostSamples = 200
const warmupShare = 0.2

/**
 * Nanoseconds of device time for one product, one number for each run.
 * @throws what the case throws, the signal's reason, or BenchError when a case reports no time.
 */
export async function sampleCase(benchCase: BenchCase, options: SamplingOptions = {}): Promise<number[]> {
  const { samples, timeMs = 600, signal, between, now = () => performance.now() } = options
  const run = async (): Promise<number> => timeOf(benchCase.kernel, await benchCase.run())
  let start = now()
  await run()
  await benchCase.verify?.()
  const firstMs = now() - start
  while (now() - start < warmupShare * timeMs && now() - start + firstMs < timeMs) {
    signal?.throwIfAborted()
    await run()
  }
  const taken: number[] = []
  const enough = (): boolean => {
    if (samples !== undefined) return taken.length >= samples
    return taken.length >= mostSamples || (taken.length >= fewestSamples && now() - start >= timeMs)
  }
  const samplingStart = now()
  let halfTaken = false
  const half = (): boolean => {
    if (samples !== undefined) return taken.length >= samples / 2
    return taken.length >= fewestSamples / 2 && now() - start >= (samplingStart - start + timeMs) / 2
  }
  while (!enough()) {
    signal?.throwIfAborted()
    taken.push(await run())
    if (halfTaken || !half()) continue
    halfTaken = true
    const paused = now()
    await between?.()
    start += now() - paused
  }
  return taken
}

/** Nanoseconds for one repeat. @throws BenchError, with the name of what was timed, when they are not positive and finite. */
export function timeOf(name: string, { durationNs, repeats = 1 }: Timing): number {
  const time = durationNs / repeats
  if (!Number.isFinite(time) || time <= 0) {
    fail(
      'bench',
      `${name} to report a positive device time`,
      `${durationNs} ns for ${repeats} repeats`,
      'Return the duration of the submission.',
    )
  }
  return time
}
