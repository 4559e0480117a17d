/** Matrix products with FP4 or dense weights: made, run and compared. */
import {
  type Fp4Format,
  type ScaleRule,
  float32ToBfloat16Array,
  float32ToHalfArray,
  quantize,
} from '@metal-fp4/fp4-quant'
import { type PackedWeights, packColumns64 } from '../../src/packing/columns64.js'
import { normal } from './random.js'

export interface WeightOptions {
  readonly n: number
  readonly k: number
  readonly format: Fp4Format
  readonly groupSize?: number
  readonly scales?: ScaleRule
  readonly experts?: number
  /** 2: gate and up, of n columns each. */
  readonly stacks?: 1 | 2
  readonly parts?: readonly number[]
}

/** Quantized N(0, 0.05^2), different for each shape, in the order columns64. */
export function packedWeights({ n, k, stacks = 1, experts = 1, ...options }: WeightOptions): PackedWeights {
  const columns = n * stacks
  const values = normal(experts * columns * k, 7 * n + k, 0.05)
  const parts = options.parts ?? (stacks === 2 ? [n, n] : [n])
  // So that nvfp4's global scales differ from part to part.
  let row = 0
  for (const [part, size] of parts.entries()) {
    for (let expert = 0; expert < experts; expert++) {
      const start = (expert * columns + row) * k
      for (let i = start; i < start + size * k; i++) values[i] *= 1 + 3 * part
    }
    row += size
  }
  return packColumns64(quantize(values, { ...options, n: columns, k, experts, parts }), { stacks })
}

/** Row-major dense weights as a kernel reads them. */
export function denseWeights(type: 'f32' | 'f16' | 'bf16', count: number, seed: number): Float32Array | Uint16Array {
  const values = normal(count, seed, 0.05)
  return { f32: (x: Float32Array) => x, f16: float32ToHalfArray, bf16: float32ToBfloat16Array }[type](values)
}

/** The scales of activations that the tests use, by name. */
export const activationKinds = ['rms 0.001', 'rms 1', 'rms 3000', 'one channel 1000 times the rest'] as const

/** Activations [m, k] of a kind. */
export function activations(kind: (typeof activationKinds)[number], m: number, k: number): Float32Array {
  const values = normal(m * k, m + 31 * k, { 'rms 0.001': 0.001, 'rms 3000': 3000 }[kind as string] ?? 1)
  if (kind === 'one channel 1000 times the rest') {
    for (let row = 0; row < m; row++) values[row * k + Math.floor(k / 3)] *= 1000
  }
  return values
}

/** The first `rows` rows of [m, width]. */
export function firstRows(values: Float32Array, rows: number, width: number): Float32Array {
  return values.slice(0, rows * width)
}
