/** Weights in a device's memory, ready for the kernels. */
import type { Fp4Format } from '@metal-fp4/fp4-quant'
import type { BufferView, DeviceBuffer } from '@metal-fp4/metal-core'
import type { DenseType } from './problem.js'

/** A buffer or a range of one. */
export type WeightMemory = DeviceBuffer | BufferView

interface WeightShape {
  /** Columns of one stack: outputs. */
  readonly n: number
  /** Inputs. */
  readonly k: number
  /** 1 for an ordinary matrix. */
  readonly experts: number
  /** 2 when gate and up lie behind one another for the swiglu epilogue, else 1. */
  readonly stacks: 1 | 2
  /** Frees the memory that these weights own; none when they were made from views. */
  dispose(): void
  [Symbol.dispose](): void
}

/** FP4 weights: codes and scales in one packing order. */
export interface Fp4Weights extends WeightShape {
  readonly format: Fp4Format
  readonly groupSize: number
  /** `columns64` for the kernels of this project, `kn` for the baselines. */
  readonly order: 'columns64' | 'kn'
  readonly codes: WeightMemory
  readonly scales: WeightMemory
  /** float32 for each column: nvfp4's global scale of the part it belongs to. Null for other formats. */
  readonly columnScales: WeightMemory | null
}

/** Weights that are not quantized: row-major [experts, stacks, n, k], as checkpoints store them. */
export interface DenseWeights extends WeightShape {
  readonly type: DenseType
  readonly weights: WeightMemory
}

export type Weights = Fp4Weights | DenseWeights

export function isFp4Weights(weights: Weights): weights is Fp4Weights {
  return 'codes' in weights
}

/** Bytes of everything that a product reads of these weights, all experts together. */
export function weightBytes(weights: Weights): number {
  if (!isFp4Weights(weights)) return weights.weights.byteLength
  const { codes, scales, columnScales } = weights
  return codes.byteLength + scales.byteLength + (columnScales?.byteLength ?? 0)
}
