/**
 * Rule `mse`: the candidate with the least squared error, four candidates at a time in float32, or 0xffff where rounding might
 * decide; `src/rules/least-squares.ts` then computes those groups in float64.
 *
 * With y = x / s and q its nearest magnitude, a candidate's error is s^2 sum (y - q)^2. What float32 may do to it: y is off by
 * d <= 2^-22 of itself (three roundings), and |y - q| by no more than y; sums of 32 terms and squares add at most 37 * 2^-24 of the error. In all
 * that is 2.3e-6 E + 2 d sqrt(E X) + d^2 X, X = sum x^2, and as 2 sqrt(E X) <= t E + X / t, less than 1e-5 E + 1e-13 X.
 * The float64 sums are off by some 2^-51 X for each value, and prefer absmax's candidate up to 1e-12 X. `tolerance` covers both for two candidates.
 */
import { FP4, MXFP4, encodeE4M3, encodeHalf, exponentOf } from './scales'

const UNDECIDED: i32 = 0xffff

/** Where the errors of the candidates go, from the factors on. */
const ERRORS: usize = 512

/** 2^-60 and 2^60: between them nothing below leaves the range of normal float32. */
const smallest: f64 = 8.673617379884035e-19
const largest: f64 = 1152921504606846976.0

/** Four squared errors (y - q)^2 of a value x under four scales, by their reciprocals. */
function squaredErrors(x: v128, reciprocals: v128): v128 {
  const y = f32x4.mul(v128.and(x, i32x4.splat(0x7fffffff)), reciprocals)
  // Magnitudes lie 2^-1 of y's power of two apart, 0.5 below 1: adding 1.5 * 2^22 times that power rounds y to them.
  const power = i32x4.max_s(v128.and(y, i32x4.splat(0x7f800000)), i32x4.splat(0x3f800000))
  const shift = i32x4.add(power, i32x4.splat(0x0b400000))
  const q = f32x4.sub(f32x4.add(y, shift), shift)
  const error = f32x4.sub(y, i32x4.min_s(q, i32x4.splat(0x40c00000)))
  return f32x4.mul(error, error)
}

/** Halves nearest to two float64, ties to even, for normal halves. */
function roundToHalf(x: v128): v128 {
  const shift = i64x2.add(v128.and(x, i64x2.splat(0x7ff0000000000000)), i64x2.splat(0x02a8000000000000))
  return f64x2.sub(f64x2.add(x, shift), shift)
}

export function least(
  format: i32,
  at: usize,
  size: i32,
  absmax: f64,
  wanted: f64,
  globalScale: f64,
  factors: usize,
): i32 {
  if (absmax < smallest || absmax > largest) return UNDECIDED
  // Candidates in descending order: the factors, or codes from `last` down to `first`. The last one fills the last four up, which leaves
  // the choice open in the rare case that it is the best.
  let first = 0
  let last = 60
  if (format === FP4) {
    // Within the normal halves all candidates differ.
    if (0.5 * wanted < 6.103515625e-5 || 1.1 * wanted >= 65504) return UNDECIDED
  } else if (format === MXFP4) {
    last = exponentOf(absmax) + 126
    first = last - 2
  } else {
    first = encodeE4M3(0.5 * wanted)
    if (first < 8) return UNDECIDED
    last = encodeE4M3(1.1 * wanted)
  }
  const end = at + (usize(size) << 2)
  const tolerance = absmax * absmax * f64(size) * (2e-11 + f64(size) * 4e-15)
  let best: f64 = Infinity
  let errors = factors + ERRORS
  for (let code = last; code >= first; code -= 4) {
    let scales: v128
    if (format === FP4) {
      const at0 = factors + (usize(last - code) << 3)
      const low = roundToHalf(f64x2.mul(v128.load(at0), f64x2.splat(wanted)))
      const high = roundToHalf(f64x2.mul(v128.load(at0, 16), f64x2.splat(wanted)))
      scales = f32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5)
    } else {
      const codes = i32x4.max_s(i32x4.sub(i32x4.splat(code), i32x4(0, 1, 2, 3)), i32x4.splat(first))
      if (format === MXFP4) scales = i32x4.shl(codes, 23)
      else {
        const values = i32x4.add(i32x4.shl(codes, 20), i32x4.splat(0x3c000000))
        scales = f32x4.mul(values, f32x4.splat(f32(globalScale)))
      }
    }
    // All that follow clip the largest value by more than the best error.
    const clipped = absmax - 6 * f64(f32x4.extract_lane(scales, 0))
    if (clipped > 0 && clipped * clipped > best * 1.0001 + tolerance) break
    const reciprocals = f32x4.div(f32x4.splat(1), scales)
    let lowSum = f64x2.splat(0)
    let highSum = lowSum
    for (let chunk = at; chunk < end; chunk += 128) {
      const chunkEnd = min(chunk + 128, end)
      let sum = f32x4.splat(0)
      let i = chunk
      // Two at a time run a fifth faster.
      for (; i + 8 <= chunkEnd; i += 8) {
        sum = f32x4.add(sum, squaredErrors(v128.load32_splat(i), reciprocals))
        sum = f32x4.add(sum, squaredErrors(v128.load32_splat(i, 4), reciprocals))
      }
      if (i < chunkEnd) sum = f32x4.add(sum, squaredErrors(v128.load32_splat(i), reciprocals))
      lowSum = f64x2.add(lowSum, f64x2.promote_low_f32x4(sum))
      highSum = f64x2.add(highSum, f64x2.promote_low_f32x4(i32x4.shuffle(sum, sum, 2, 3, 2, 3)))
    }
    const lowScales = f64x2.promote_low_f32x4(scales)
    const highScales = f64x2.promote_low_f32x4(i32x4.shuffle(scales, scales, 2, 3, 2, 3))
    lowSum = f64x2.mul(f64x2.mul(lowSum, lowScales), lowScales)
    highSum = f64x2.mul(f64x2.mul(highSum, highScales), highScales)
    v128.store(errors, lowSum)
    v128.store(errors, highSum, 16)
    errors += 32
    lowSum = f64x2.pmin(lowSum, highSum)
    best = min(best, min(f64x2.extract_lane(lowSum, 0), f64x2.extract_lane(lowSum, 1)))
  }
  const limit = f64x2.splat((best * 1.00001 + tolerance) * 1.00001)
  let index = -1
  for (let i = factors + ERRORS; i < errors; i += 16) {
    const close = i64x2.bitmask(f64x2.le(v128.load(i), limit))
    if (close === 0) continue
    if (index >= 0 || close === 3) return UNDECIDED
    index = (i32(i - factors - ERRORS) >> 3) + (close >> 1)
  }
  return format === FP4 ? encodeHalf(load<f64>(factors + (usize(index) << 3)) * wanted) : last - index
}
