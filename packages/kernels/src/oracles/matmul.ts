/** What the oracles of the matrix products share. */
import { bfloat16ToFloat, halfToFloat } from '@metal-fp4/fp4-quant'

/** The sum of x[start + i] * column[i], in float64. */
export function dot(x: ArrayLike<number>, start: number, column: Float64Array): number {
  return dotRange(x, start, column, 0, column.length)
}

/** The part of it with begin <= i < end, as far as the column goes. */
export function dotRange(
  x: ArrayLike<number>,
  start: number,
  column: Float64Array,
  begin: number,
  end: number,
): number {
  let sum = 0
  for (let i = begin; i < Math.min(end, column.length); i++) sum += x[start + i] * column[i]
  return sum
}

/** x / (1 + e^-x). */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x))
}

/** Column n of a product: sums over K for one row. `part` is the number of the matrix: 1 is up. */
export type PartSum = (part: 0 | 1) => number

/** A sum with its epilogue; `residual` is the value that `add` adds. */
export function epilogue(name: string | undefined, sum: PartSum, residual: number | undefined): number {
  if (name === 'swiglu') return silu(sum(0)) * sum(1)
  if (name === 'add') return sum(0) + (residual ?? NaN)
  return sum(0)
}

/** Row `row` of dense weights [rows, K], exact in float64. */
export function denseRow(
  type: 'f32' | 'f16' | 'bf16' | undefined,
  weights: Float32Array | Uint16Array,
  row: number,
  k: number,
): Float64Array {
  const decode = { f32: (value: number) => value, f16: halfToFloat, bf16: bfloat16ToFloat }[type ?? 'f32']
  return Float64Array.from(weights.subarray(row * k, (row + 1) * k), decode)
}
