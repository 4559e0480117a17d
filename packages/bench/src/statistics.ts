/** Statistics of a case's samples. Medians and ranges: one slow sample on a shared machine moves neither median nor minimum. */
import { interquartileRange, max, mean, median, min, sampleStandardDeviation } from 'simple-statistics'
import { fail } from './errors.js'

/** All in the unit of the samples, but for `relativeSpread`. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Of the sample (n - 1); 0 for a single one. */
  readonly standardDeviation: number
  /** Interquartile range over the median. */
  readonly relativeSpread: number
}

/** @throws BenchError when there is no sample, or one that is not a positive finite number. */
export function summarize(samples: readonly number[]): Summary {
  const bad = samples.find((sample) => !Number.isFinite(sample) || sample <= 0)
  if (samples.length === 0 || bad !== undefined) {
    fail(
      'summarize',
      'positive finite samples',
      bad === undefined ? 'none' : String(bad),
      'Let the case report device time.',
    )
  }
  const values = [...samples]
  const middle = median(values)
  return {
    median: middle,
    min: min(values),
    max: max(values),
    mean: mean(values),
    standardDeviation: values.length > 1 ? sampleStandardDeviation(values) : 0,
    relativeSpread: interquartileRange(values) / middle,
  }
}

/** The median alone. */
export function medianOf(samples: readonly number[]): number {
  return median([...samples])
}
