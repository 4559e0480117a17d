/** From measurements to rules: a candidate replaces what the fallback takes only where it is surely faster. */
import type { Margin } from '../policy/index.js'
import { type TunerCandidate, candidateName } from './candidates.js'

/** A candidate against the fallback's choice at one number of rows, over all shapes and formats of the sweep. */
export interface Measurement extends Margin {
  readonly m: number
  readonly candidate: TunerCandidate
  /** Whether it is the fallback's choice itself; its ratio is 1. */
  readonly isFallback: boolean
}

/** One rule to be: `candidate` for the rows from the first that was measured up to `maxM`. */
export interface TunedChoice {
  readonly maxM: number | null
  readonly candidate: TunerCandidate
  /** Where it was measured. */
  readonly rows: readonly Measurement[]
}

export interface ChooseOptions {
  /** How much less time a candidate has to take, beyond doubt (its whole 95 % interval). Default 0.02. */
  readonly leastGain?: number
}

/**
 * Choices in the order of rows; the last has no limit. At each m the candidate of the least time among those whose interval lies wholly
 * below 1 - leastGain, else the fallback's. Neighbours of the same choice become one; a border lies at the last m that was measured.
 * @throws RangeError when a number of rows has no measurement of the fallback.
 */
export function chooseRules(
  measurements: readonly Measurement[],
  { leastGain = 0.02 }: ChooseOptions = {},
): readonly TunedChoice[] {
  const ms = [...new Set(measurements.map(({ m }) => m))].sort((a, b) => a - b)
  const chosen = ms.map((m) => {
    const here = measurements.filter((one) => one.m === m)
    const fallback = here.find(({ isFallback }) => isFallback)
    if (fallback === undefined) {
      throw new RangeError(
        `[chooseRules] expected a measurement of the fallback at m = ${m}, got none. Measure it too.`,
      )
    }
    const sure = here.filter(({ isFallback, high }) => !isFallback && high < 1 - leastGain)
    return sure.sort((a, b) => a.ratio - b.ratio).at(0) ?? fallback
  })
  const choices: { maxM: number | null; candidate: TunerCandidate; rows: Measurement[] }[] = []
  for (const row of chosen) {
    const last = choices.at(-1)
    if (last && candidateName(last.candidate) === candidateName(row.candidate)) {
      last.rows.push(row)
      last.maxM = row.m
    } else choices.push({ maxM: row.m, candidate: row.candidate, rows: [row] })
  }
  const last = choices.at(-1)
  if (last) last.maxM = null
  return choices
}
