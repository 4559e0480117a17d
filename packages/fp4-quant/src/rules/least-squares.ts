/**
 * Which of several scales leaves the least squared error in a group.
 *
 * With q the nearest magnitude of x/s, the error of a scale s is  sum x^2 - 2 s sum q x + s^2 sum q^2.  As s grows past
 * x/midpoint, q steps down to the next magnitude; everywhere else q is constant. So each value is entered into the
 * two sums once, at the few scales where its code changes, and a sum over the scales from the last to the first gives the error of
 * all of them: about 2 steps a value instead of one quantization for each value and scale, with the same result.
 */
import { e2m1Magnitudes } from '../codecs/e2m1.js'
import { e2m1Midpoints } from '../group.js'
import { maxCandidates } from './scale-choice.js'

const midpoints: Float64Array = Float64Array.from(e2m1Midpoints)
const magnitudes: Float64Array = Float64Array.from(e2m1Magnitudes)
/** What passing midpoint i adds to q, and to q^2. */
const stepOfQ: Float64Array = midpoints.map((_, i) => magnitudes[i + 1] - magnitudes[i])
const stepOfQSquared: Float64Array = midpoints.map((_, i) => magnitudes[i + 1] ** 2 - magnitudes[i] ** 2)

/**
 * A scale must beat the absmax one by this share of sum x^2, far more than the sums' rounding and far less than any error that
 * matters (it is 120 dB down): so `mse` is never worse than `absmax`, not even in the last bit.
 */
const margin = 1e-12

// Entry m: what values passing a midpoint at exactly the first m scales add. Entry `count` holds for all scales.
const qx: Float64Array = new Float64Array(maxCandidates + 1)
const qq: Float64Array = new Float64Array(maxCandidates + 1)
const first: Float64Array = new Float64Array(midpoints.length)
const last: Float64Array = new Float64Array(midpoints.length)

/**
 * The index of the best of `scales[0..count-1]`, ascending and positive, for the values `floats[start..end-1]`. Index `absmax` is
 * kept unless another is better.
 */
export function leastSquares(
  floats: Float32Array,
  start: number,
  end: number,
  scales: Float64Array,
  count: number,
  absmax: number,
): number {
  const lowest = scales[0]
  const highest = scales[count - 1]
  const toIndex = count > 1 ? (count - 1) / (highest - lowest) : 0
  for (let i = 0; i < 7; i++) {
    first[i] = midpoints[i] * lowest
    last[i] = midpoints[i] * highest
  }
  qx.fill(0, 0, count + 1)
  qq.fill(0, 0, count + 1)
  let squares = 0
  for (let j = start; j < end; j++) {
    const x = Math.abs(floats[j])
    squares += x * x
    let i = 0
    while (i < 7 && x > last[i]) i++
    qx[count] += magnitudes[i] * x
    qq[count] += magnitudes[i] * magnitudes[i]
    for (; i < 7 && x > first[i]; i++) {
      const midpoint = midpoints[i]
      // Scales are about evenly spaced: the interpolated place is right or next to it.
      let m = Math.floor((x / midpoint - lowest) * toIndex) + 1
      if (m > count) m = count
      while (m < count && x > midpoint * scales[m]) m++
      while (m > 0 && x <= midpoint * scales[m - 1]) m--
      qx[m] += stepOfQ[i] * x
      qq[m] += stepOfQSquared[i]
    }
  }
  let best = absmax
  let bestError = Infinity
  let absmaxError = 0
  let sumQx = 0
  let sumQq = 0
  for (let c = count - 1; c >= 0; c--) {
    sumQx += qx[c + 1]
    sumQq += qq[c + 1]
    const scale = scales[c]
    const error = scale * (scale * sumQq - 2 * sumQx) // the sum of x^2 is common to all
    if (c === absmax) absmaxError = error
    if (error < bestError) {
      bestError = error
      best = c
    }
  }
  return bestError < absmaxError - margin * squares ? best : absmax
}
