/** FP4 back to float32. */
import { formatInfo } from './formats.js'
import { codeValues } from './group.js'
import { stripRows } from './layouts/kn.js'
import { scaleChoices } from './rules/scale-choice.js'
import { type QuantizedTensor, checkTensor } from './tensor.js'

/**
 * The values of a tensor as row-major `[E, N, K]`: code * scale * global scale, one rounding to float32. (For fp4, and for mxfp4 with
 * scales up to 2^125, the product is exact.) A NaN scale gives NaN, as in OCP MX v1.0.
 *
 * @throws QuantizationError when the arrays do not fit the shape.
 */
export function dequantize(tensor: QuantizedTensor): Float32Array {
  checkTensor(tensor, 'dequantize')
  const { experts, n, k, groupSize, parts, packed, scales, globalScales } = tensor
  const scaleValues = scaleChoices[formatInfo[tensor.format].scaleType].values()
  const groups = Math.ceil(k / groupSize)
  const wordsPerColumn = Math.ceil(k / 8)
  const out = new Float32Array(experts * n * k)
  const globalOfRow = new Float64Array(n)
  for (let expert = 0; expert < experts; expert++) {
    let end = 0
    for (const [part, size] of parts.entries()) {
      globalOfRow.fill(globalScales[expert * parts.length + part], end, end + size)
      end += size
    }
    const base = expert * wordsPerColumn * n
    // Strips of rows and a group at a time: the words of neighbouring rows share cache lines.
    for (let row0 = 0; row0 < n; row0 += stripRows) {
      const row1 = Math.min(row0 + stripRows, n)
      for (let group = 0; group < groups; group++) {
        const k1 = Math.min((group + 1) * groupSize, k)
        for (let row = row0; row < row1; row++) {
          const scale = scaleValues[scales[(expert * groups + group) * n + row]] * globalOfRow[row]
          const at = (expert * n + row) * k
          for (let i = group * groupSize; i < k1; i++) {
            const word = packed[base + (i >> 3) * n + row]
            out[at + i] = codeValues[(word >>> ((i & 7) << 2)) & 15] * scale
          }
        }
      }
    }
  }
  return out
}
