/** Slow and plain: what `quantize` promises, written from its documentation without sharing its code. */
import type { QuantizedTensor } from '../src/index.js'

export const magnitudes: readonly number[] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

/** The nearest code of `x / scale` by trying all eight; on a tie the even one. */
export function nearestCode(x: number, scale: number): number {
  // Far beyond 6 scales all distances are the same float64.
  let best = Math.abs(x) > scale * 6 ? 7 : 0
  for (let code = 1; best < 7 && code < 8; code++) {
    const gain = Math.abs(Math.abs(x) - scale * magnitudes[best]) - Math.abs(Math.abs(x) - scale * magnitudes[code])
    if (gain > 0 || (gain === 0 && code % 2 === 0)) best = code
  }
  return best | (x < 0 || Object.is(x, -0) ? 8 : 0)
}

/** Squared error of values under a scale. */
export function squaredError(values: ArrayLike<number>, scale: number): number {
  let sum = 0
  for (const x of Array.from(values)) {
    sum += (Math.abs(x) - scale * magnitudes[nearestCode(x, scale) & 7]) ** 2
  }
  return sum
}

/** The code of value (expert, row, column). */
export function codeAt(tensor: QuantizedTensor, expert: number, row: number, column: number): number {
  const words = Math.ceil(tensor.k / 8)
  const word = tensor.packed[(expert * words + Math.floor(column / 8)) * tensor.n + row]
  return Math.floor(word / 16 ** (column % 8)) % 16
}

/** The scale code of (expert, row, group). */
export function scaleAt(tensor: QuantizedTensor, expert: number, row: number, group: number): number {
  const groups = Math.ceil(tensor.k / tensor.groupSize)
  return tensor.scales[(expert * groups + group) * tensor.n + row]
}

/** The global scale of a row. */
export function globalScaleAt(tensor: QuantizedTensor, expert: number, row: number): number {
  let part = 0
  for (let end = tensor.parts[0]; row >= end; end += tensor.parts[part]) part++
  return tensor.globalScales[expert * tensor.parts.length + part]
}
