import { type Fp4Format, type QuantizedTensor, dequantize, quantize } from '@metal-fp4/fp4-quant'

/** Deterministic values that look normal: the sum of four uniform ones, scaled to variance 1. */
export function normal(count: number, seed: number): Float32Array {
  let state = seed
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return Float32Array.from({ length: count }, () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3))
}

export interface TensorOptions {
  readonly n: number
  readonly k: number
  readonly format: Fp4Format
  readonly groupSize?: number
  readonly experts?: number
  readonly parts?: readonly number[]
}

/** A quantized tensor of normal weights. */
export function tensor({ n, k, experts = 1, ...rest }: TensorOptions): QuantizedTensor {
  return quantize(normal(experts * n * k, n + k), { n, k, experts, ...rest })
}

/** x W in float64, x [m, k] and W the dequantized [n, k] of one expert: [m, n]. */
export function product(
  x: Float32Array,
  weights: QuantizedTensor | Float32Array,
  m: number,
  n: number,
  k: number,
  expert = 0,
): Float64Array {
  const w = weights instanceof Float32Array ? weights : dequantize(weights)
  const out = new Float64Array(m * n)
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0
      for (let i = 0; i < k; i++) sum += x[row * k + i] * w[(expert * n + column) * k + i]
      out[row * n + column] = sum
    }
  }
  return out
}

/** silu(gate) * up of a product of two stacks: [m, 2F] gives [m, F]. */
export function swiglu(both: Float64Array, m: number, width: number): Float64Array {
  return Float64Array.from({ length: m * width }, (_, i) => {
    const row = Math.floor(i / width)
    const gate = both[row * 2 * width + (i % width)]
    return (gate / (1 + Math.exp(-gate))) * both[row * 2 * width + width + (i % width)]
  })
}

/** Normalized mean squared error: sum of squared differences over sum of squares. */
export function nmse(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY
  let error = 0
  let power = 0
  for (let i = 0; i < expected.length; i++) {
    error += (got[i] - expected[i]) ** 2
    power += expected[i] ** 2
  }
  return error / power
}

/** float32 sums over a few thousand products stay well below this; a wrong weight does not. */
export const float32Bound = 1e-10
/** What a matmul may differ by with bytes for activations (about 3e-5 of normal values). */
export const int8Bound = 5e-4
/** The bound of each precision. */
export const bounds: Readonly<Record<'float32' | 'int8', number>> = { float32: float32Bound, int8: int8Bound }
/** What half activations and results cost. */
export const halfBound = 5e-7
