/** Runs a case until its time is spent: warm-up, then rounds of samples, each between two measurements of the roof. */
import { fail } from './errors.js'
import type { BenchCase, Timing } from './suite.js'

export interface SamplingOptions {
  /** Exactly this many samples, whatever they take. */
  readonly samples?: number
  /** Wall-clock milliseconds for warm-up and samples of one case. Default 600. */
  readonly timeMs?: number
  readonly signal?: AbortSignal
  /** The clock of the budget, in milliseconds: for tests. */
  readonly now?: () => number
}

/** GB/s of plain reads, and of a copy (bytes read and written together). */
export interface RoofReading {
  readonly read: number
  readonly copy: number
}

/** Samples taken within a few dozen milliseconds, and the roof right before and after them. */
export interface Round {
  /** Nanoseconds of device time for one product, one number for each run. */
  readonly samplesNs: readonly number[]
  /** The same of `BenchCase.against`, in pairs with the samples: run right before or after, in turns. */
  readonly againstNs: readonly number[]
  /** That of the next round's `before` is this very object. */
  readonly before: RoofReading
  readonly after: RoofReading
}

/** Fewer have no 95 % interval of their median; beyond many a fast case gains nothing. */
export const fewestSamples = 6
const mostSamples = 200
const warmupShare = 0.2
/** Rounds in the time of a case: short enough for the machine to stay as it is within one, long beside a measurement of the roof. */
const roundsOfTime = 12
const roundsOfSamples = 4

/**
 * A `cached` case is one round: what reads the memory in between would empty its caches.
 * @param measureRoof its time is not counted.
 * @throws what the case throws, the signal's reason, or BenchError when a case reports no time.
 */
export async function sampleRounds(
  benchCase: BenchCase,
  measureRoof: () => Promise<RoofReading>,
  options: SamplingOptions = {},
): Promise<Round[]> {
  const { samples, timeMs = 600, signal, now = () => performance.now() } = options
  const { kernel, against, cached = false } = benchCase
  let pairs = 0
  const one = async (): Promise<[number, number?]> => {
    signal?.throwIfAborted()
    const own = async (): Promise<number> => timeOf(kernel, await benchCase.run())
    if (!against) return [await own()]
    const other = async (): Promise<number> => timeOf(against.what, await against.run())
    if (pairs++ % 2 === 0) return [await own(), await other()]
    const otherNs = await other()
    return [await own(), otherNs]
  }
  let start = now()
  await one()
  await benchCase.verify?.()
  const firstMs = now() - start
  while (now() - start < warmupShare * timeMs && now() - start + firstMs < timeMs) await one()

  const rounds: Round[] = []
  let taken = 0
  const enough = (): boolean => {
    if (samples !== undefined) return taken >= samples
    return taken >= mostSamples || (taken >= fewestSamples && now() - start >= timeMs)
  }
  const roofNow = async (): Promise<RoofReading> => {
    const paused = now()
    const roof = await measureRoof()
    start += now() - paused
    return roof
  }
  let before = await roofNow()
  while (!enough()) {
    const samplesNs: number[] = []
    const againstNs: number[] = []
    const begun = now()
    const full = (): boolean => {
      if (cached) return false
      if (samples !== undefined) return samplesNs.length >= samples / roundsOfSamples
      return samplesNs.length > 0 && now() - begun >= timeMs / roundsOfTime
    }
    while (!enough() && !full()) {
      const [ns, other] = await one()
      samplesNs.push(ns)
      if (other !== undefined) againstNs.push(other)
      taken++
    }
    const after = await roofNow()
    rounds.push({ samplesNs, againstNs, before, after })
    before = after
  }
  return rounds
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
