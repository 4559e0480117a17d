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

/**
 * How likely two samples of one distribution are at least as far apart: Mann-Whitney, two-sided, by the normal approximation with
 * continuity correction. 1 when either has fewer than three samples, of which nothing can be said.
 */
export function sameProbability(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length]
  if (n < 3 || m < 3) return 1
  const u = wilcoxonRankSum([...a], [...b]) - (n * (n + 1)) / 2
  const deviation = Math.sqrt((n * m * (n + m + 1)) / 12)
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / deviation
  // 2 (1 - Phi(z)), by a formula: a table of Phi would end at 0.999.
  return Math.min(1, Math.max(0, 1 - errorFunction(z / Math.SQRT2)))
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
