/** Runs a case until its time is spent: warm-up, then samples of device time for one product. */
import { fail } from './errors.js'
import type { BenchCase } from './suite.js'

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

/** A median wants a few samples even of a slow case, and gains nothing beyond many of a fast one. */
const fewestSamples = 3
const mostSamples = 200
const warmupShare = 0.2

/**
 * Nanoseconds of device time for one product, one number for each run.
 * @throws what the case throws, the signal's reason, or BenchError when a case reports no time.
 */
export async function sampleCase(benchCase: BenchCase, options: SamplingOptions = {}): Promise<number[]> {
  const { samples, timeMs = 600, signal, between, now = () => performance.now() } = options
  let start = now()
  await timeOf(benchCase)
  await benchCase.verify?.()
  const firstMs = now() - start
  while (now() - start < warmupShare * timeMs && now() - start + firstMs < timeMs) {
    signal?.throwIfAborted()
    await timeOf(benchCase)
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
    return taken.length >= fewestSamples - 1 && now() - start >= (samplingStart - start + timeMs) / 2
  }
  while (!enough()) {
    signal?.throwIfAborted()
    taken.push(await timeOf(benchCase))
    if (halfTaken || !half()) continue
    halfTaken = true
    const paused = now()
    await between?.()
    start += now() - paused
  }
  return taken
}

async function timeOf(benchCase: BenchCase): Promise<number> {
  const { durationNs, repeats = 1 } = await benchCase.run()
  const time = durationNs / repeats
  if (!Number.isFinite(time) || time <= 0) {
    fail(
      'bench',
      `${benchCase.kernel} to report a positive device time`,
      `${durationNs} ns for ${repeats} repeats`,
      'Return the duration of the submission.',
    )
  }
  return time
}
