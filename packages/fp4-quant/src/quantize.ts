/** Float weights to FP4. */
import type { QuantizeOptions } from './options.js'
import { progressReporter, quantizeStrips } from './strips.js'
import type { QuantizedTensor } from './tensor.js'
import type { WeightValues } from './weight-values.js'

/**
 * Quantizes row-major `[N, K]` (as Hugging Face stores `[out, in]`) or `[E, N, K]` to the layout `kn`: packed
 * `[E, ceil(K/8), N]`, scales `[E, ceil(K/groupSize), N]`.
 *
 * An element is the nearest of `scale * ±{0, .5, 1, 1.5, 2, 3, 4, 6}`, compared exactly, ties to the even code, saturating; a value
 * that rounds to zero keeps its sign. `scale` is the stored scale (times the global scale), not the wanted one. Scales:
 * - `fp4`: half(absmax / 6), at most 65504. `mxfp4`: 2^(floor(log2(absmax)) - 2), OCP MX v1.0, section 6.3. `nvfp4`:
 *   E4M3(absmax / (6 g)) with g = float32(absmax of the expert's part / (6 * 448)).
 * - `mse`: the least squared error among absmax / 6 times 0.50, 0.51 … 1.10 (fp4, nvfp4) or three exponents (mxfp4).
 * - Subnormal half and E4M3 scales are rounded up, so that tiny groups neither clip nor vanish.
 * - A group of zeros has scale code 0 and codes 0, and dequantizes to exactly 0.
 *
 * @throws QuantizationError for a bad option, a wrong length, or a value that is not finite (it names the index).
 * @throws the signal's reason when aborted.
 */
export function quantize(values: WeightValues, options: QuantizeOptions): QuantizedTensor {
  const strips = quantizeStrips(values, options)
  if (options.signal?.aborted) throw options.signal.reason
  const report = progressReporter(options)
  for (;;) {
    const { done, value } = strips.next()
    if (done) return value
    report(value)
  }
}
