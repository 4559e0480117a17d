/**
 * Into how many ranges K is cut, so that a matrix of few columns still keeps a GPU busy. It follows from the matrix and the device
 * alone, never from M: a row has the same bits in any company.
 */
import type { SplitRule } from './policy/types.js'
import type { ResolvedProblem } from './problem.js'

/** 1: not at all. */
export function splitsFor({ n, k, groupSize, epilogue }: ResolvedProblem, rule: SplitRule | undefined): number {
  if (rule === undefined || groupSize === 0) return 1
  const tiles = Math.ceil(n / rule.columns) * (epilogue === 'swiglu' ? 2 : 1)
  const wanted = Math.ceil(rule.threadgroups / tiles)
  // A split has whole groups, and enough of K to be worth its part of the sum.
  const groups = Math.ceil(k / groupSize)
  const most = Math.min(groups, Math.floor(k / rule.leastK), rule.mostSplits)
  const splits = Math.min(wanted, most)
  // Groups are dealt out evenly; those that leave the last splits without any are fewer splits.
  return splits <= 1 ? 1 : Math.ceil(groups / Math.ceil(groups / splits))
}
