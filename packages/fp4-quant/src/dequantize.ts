/** FP4 back to float32. */
import { formatInfo } from './formats.js'
import { codeValues } from './group.js'
import { stripRows } from './layouts/kn.js'
import { type LongWork, type Steps, runSteps, runStepsAsync } from './long-work.js'
import { scaleChoices } from './rules/scale-choice.js'
import { type QuantizedTensor, checkTensor } from './tensor.js'

/**
 * The values of a tensor as row-major `[E, N, K]`: code * scale * global scale, one rounding to float32. (For fp4, and for mxfp4 with
 * scales up to 2^125, the product is exact.) A NaN scale gives NaN, as in OCP MX v1.0.
 *
 * @throws QuantizationError when the arrays do not fit the shape.
 * @throws the signal's reason when aborted.
 */
export function dequantize(tensor: QuantizedTensor, options?: LongWork): Float32Array {
  return runSteps(dequantizeSteps(tensor), options, 'dequantize')
}

/** `dequantize` that yields to the event loop about every 12 ms. Progress counts rows (E * N). */
export async function dequantizeAsync(tensor: QuantizedTensor, options?: LongWork): Promise<Float32Array> {
  return runStepsAsync(dequantizeSteps(tensor), options, 'dequantizeAsync')
}

function* dequantizeSteps(tensor: QuantizedTensor): Steps<Float32Array> {
  checkTensor(tensor, 'dequantize')
  const { experts, n, k } = tensor
  const out = new Float32Array(experts * n * k)
  const readRows = rowReader(tensor)
  for (let row = 0; row < experts * n;) {
    const end = Math.min(row + stripRows, (Math.floor(row / n) + 1) * n)
    readRows(row, end, out, row * k)
    row = end
    yield { done: row, total: experts * n }
  }
  return out
}

/** Writes rows `row0 .. row1 - 1` of `[E * N, K]`, which lie in one expert, to `out` from index `at` on. */
export type ReadRows = (row0: number, row1: number, out: Float32Array, at: number) => void

/** A reader of a checked tensor's rows; strips of 16 are fastest, because words of neighbouring rows share cache lines. */
export function rowReader(tensor: QuantizedTensor): ReadRows {
  const { n, k, groupSize, parts, packed, scales, globalScales } = tensor
  const scaleValues = scaleChoices[formatInfo[tensor.format].scaleType].values()
  const groups = Math.ceil(k / groupSize)
  const wordsPerColumn = Math.ceil(k / 8)
  const partOfRow = new Uint32Array(n)
  let end = 0
  for (const [part, size] of parts.entries()) partOfRow.fill(part, end, (end += size))
  return (row0, row1, out, at) => {
    const expert = Math.floor(row0 / n)
    const first = row0 - expert * n
    const base = expert * wordsPerColumn * n
    for (let group = 0; group < groups; group++) {
      const k1 = Math.min((group + 1) * groupSize, k)
      for (let row = first; row < first + row1 - row0; row++) {
        const globalScale = globalScales[expert * parts.length + partOfRow[row]]
        const scale = scaleValues[scales[(expert * groups + group) * n + row]] * globalScale
        const start = at + (row - first) * k
        let i = group * groupSize
        // Whole words, then what is left of a group that ends within one (or begins within one, where groups are no multiple of 8).
        for (; (i & 7) === 0 && i + 8 <= k1; i += 8) {
          const word = packed[base + (i >> 3) * n + row]
          const to = start + i
          out[to] = codeValues[word & 15] * scale
          out[to + 1] = codeValues[(word >>> 4) & 15] * scale
          out[to + 2] = codeValues[(word >>> 8) & 15] * scale
          out[to + 3] = codeValues[(word >>> 12) & 15] * scale
          out[to + 4] = codeValues[(word >>> 16) & 15] * scale
          out[to + 5] = codeValues[(word >>> 20) & 15] * scale
          out[to + 6] = codeValues[(word >>> 24) & 15] * scale
          out[to + 7] = codeValues[word >>> 28] * scale
        }
        for (; i < k1; i++) {
          const word = packed[base + (i >> 3) * n + row]
          out[start + i] = codeValues[(word >>> ((i & 7) << 2)) & 15] * scale
        }
      }
    }
  }
}
