/** The scale of each group of a row, by rule `absmax` or `mse`. */
import { absmaxBits } from './absmax'
import { least } from './least-squares'
import { FP4, MXFP4, encodeE4M3, encodeHalf, exponentOf, scaleValue } from './scales'

/** What a code says that the caller has to choose. */
const UNDECIDED: i32 = 0xffff

/** The code of rule `absmax`. */
function absmaxCode(format: i32, absmax: f64, wanted: f64): i32 {
  if (format === MXFP4) return max(0, min(252, exponentOf(absmax) + 125))
  return format === FP4 ? encodeHalf(wanted) : encodeE4M3(wanted)
}

/**
 * Writes a code (uint16, `stride` bytes apart) and a scale (float64, global scale included) for each group of a row of k floats at
 * `row`. A group of zeros has code 0 and scale 0; one whose best scale is too close to call has code 0xffff (`mse` only). `factors`
 * holds the 61 factors of rule `mse` as float64, descending, the last of them thrice more, and room for 64 numbers. Returns the number of undecided groups, or -1 when
 * a value is not finite.
 */
export function chooseScales(
  row: usize,
  k: i32,
  groupSize: i32,
  format: i32,
  mse: bool,
  globalScale: f64,
  codes: usize,
  stride: usize,
  scales: usize,
  factors: usize,
): i32 {
  let undecided = 0
  for (let start = 0; start < k; start += groupSize, codes += stride, scales += 8) {
    const at = row + (usize(start) << 2)
    const size = min(groupSize, k - start)
    const bits = absmaxBits(at, size)
    if (bits >= 0x7f800000) return -1
    let code = 0
    let scale: f64 = 0
    if (bits !== 0) {
      const absmax = f64(reinterpret<f32>(bits))
      const wanted = absmax / (6 * globalScale)
      if (mse) code = least(format, at, size, absmax, wanted, globalScale, factors)
      else code = absmaxCode(format, absmax, wanted)
      if (code === UNDECIDED) undecided++
      else scale = scaleValue(format, code) * globalScale
    }
    store<u16>(codes, code)
    store<f64>(scales, scale)
  }
  return undecided
}
