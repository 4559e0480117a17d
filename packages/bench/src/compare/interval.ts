/** How sure a median is, and a difference of two. */
import {
  binomialDistribution,
  errorFunction,
  quantile,
  sampleWithReplacement,
  wilcoxonRankSum,
} from 'simple-statistics'
import { medianOf } from '../statistics.js'

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * The order statistics between which the median lies with at least 95 % confidence, whatever the distribution (sign test). Below
 * six samples no such pair is that sure, and the interval is the whole range.
 */
export function medianInterval(samples: readonly number[]): Interval {
  const sorted = [...samples].sort((a, b) => a - b)
  // How many of n samples lie below the median is binomial; `cut` from each end leave at most 2.5 % outside on either side.
  const probabilities = binomialDistribution(sorted.length, 0.5) ?? []
  let cut = 0
  for (let outside = 0; ; cut++) {
    outside += probabilities[cut] ?? 1
    if (outside > 0.025) break
  }
  const last = sorted.length - 1
  const at = Math.min(Math.max(0, cut - 1), Math.floor(last / 2))
  return { low: sorted[at], high: sorted[last - at] }
}

/** Resamples of the bootstrap: the 2.5 % tails then hold 50 of them each. */
const resamples = 2000

/** The interval that holds median(b) / median(a) with 95 % confidence: percentile bootstrap, with the same numbers every time. */
export function ratioInterval(a: readonly number[], b: readonly number[]): Interval {
  const random = generator(0x9e3779b9)
  const draw = (values: readonly number[]): number =>
    medianOf(sampleWithReplacement([...values], values.length, random))
  const ratios = Array.from({ length: resamples }, () => draw(b) / draw(a))
  const [low, high] = quantile(ratios, [0.025, 0.975])
  return { low, high }
}

/** Samples of both sides together up to which Mann-Whitney is counted out: a millisecond or so. */
const mostCounted = 40

/**
 * How likely two samples of one distribution are at least as far apart: Mann-Whitney, two-sided; exact for few samples, ties included,
 * else by the normal approximation with continuity correction. 1 when either has none.
 */
export function sameProbability(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length]
  if (n === 0 || m === 0) return 1
  if (n + m <= mostCounted) return countedProbability(a, b)
  const u = wilcoxonRankSum([...a], [...b]) - (n * (n + 1)) / 2
  const deviation = Math.sqrt((n * m * (n + m + 1)) / 12)
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / deviation
  // 2 (1 - Phi(z)), by a formula: a table of Phi would end at 0.999.
  return Math.min(1, Math.max(0, 1 - errorFunction(z / Math.SQRT2)))
}

/** The least that `sameProbability` gives for so many samples: that of two sides of which one is wholly below the other. */
export function leastProbability(n: number, m: number): number {
  const ranks = Array.from({ length: n + m }, (_, i) => i)
  return sameProbability(ranks.slice(0, n), ranks.slice(n))
}

/** The share of all ways to choose a's ranks of both sides' whose sum is as far from its mean as a's is. */
function countedProbability(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b]
  // Twice the rank: an integer also where ties share one.
  const ranks = all.map((x) => all.reduce((rank, y) => rank + (y < x ? 2 : y === x ? 1 : 0), 1))
  const most = ranks.reduce((sum, rank) => sum + rank, 0)
  // ways[k][s]: of the ranks so far, choices of k whose sum is s.
  const ways = Array.from({ length: a.length + 1 }, () => new Float64Array(most + 1))
  ways[0][0] = 1
  for (const rank of ranks) {
    for (let k = a.length; k > 0; k--) {
      for (let sum = most; sum >= rank; sum--) ways[k][sum] += ways[k - 1][sum - rank]
    }
  }
  const mean = a.length * (all.length + 1)
  const distance = Math.abs(ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0) - mean)
  const total = ways[a.length].reduce((sum, count) => sum + count, 0)
  return ways[a.length].reduce((sum, count, s) => sum + (Math.abs(s - mean) >= distance ? count : 0), 0) / total
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
