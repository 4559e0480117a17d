/**
 * Which rounds of a case belong together. The memory of a shared machine is one thing in one second and another in the next: two
 * virtual processors, for one, may run on the two halves of a core and then on two cores, and read twice as fast. Times of
 * both kinds have no common median. So a row is made of the rounds that saw one roof.
 */
import type { Round, RoofReading } from './sampling.js'

/** How far roofs may differ that count as one. */
export const roofTolerance = 0.15

/**
 * The most rounds whose roofs, before and after, lie within `roofTolerance` of one another; of equally many those under the higher
 * roof. In the order in which they were run; none for none.
 */
export function steadyRounds(rounds: readonly Round[]): Round[] {
  const candidates = [...new Set(roofsOf(rounds).map(({ read }) => read))].sort((a, b) => b - a)
  const within = (low: number, { read }: RoofReading): boolean => read >= low && read <= low * (1 + roofTolerance)
  const sets = candidates.map((low) => rounds.filter(({ before, after }) => within(low, before) && within(low, after)))
  return sets.reduce((best, set) => (set.length > best.length ? set : best), [])
}

/** Each reading once: the one after a round is the one before the next. */
export function roofsOf(rounds: readonly Round[]): RoofReading[] {
  return [...new Set(rounds.flatMap(({ before, after }) => [before, after]))]
}

/** The largest over the smallest, minus 1. */
export function driftOf(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values) - 1
}
