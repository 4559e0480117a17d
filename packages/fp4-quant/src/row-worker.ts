/** What does the rows of a tensor: WebAssembly SIMD where it may run, else TypeScript. Both give the same bits. */
import type { ScaleRule } from './formats.js'
import type { QuantizedTensor } from './tensor.js'
import { typescriptWorker } from './typescript-worker.js'
import { wasmWorker } from './wasm/worker.js'
import type { WeightValues } from './weight-values.js'

/** Quantizes rows of `values` into the arrays of one tensor. */
export interface RowWorker {
  /**
   * The largest magnitude in rows `first .. first + count - 1` of `[E * N, K]`.
   * @throws QuantizationError for a value that is not finite, naming its index.
   */
  absmax(first: number, count: number): number
  /**
   * Quantizes rows `row .. row + count - 1` of an expert, at most `stripRows` of them, into packed and scales. `globalOfRow` holds the global
   * scale of each row of the expert.
   * @throws QuantizationError for a value that is not finite, naming its index.
   */
  quantizeRows(expert: number, row: number, count: number, globalOfRow: Float64Array): void
}

/** Opens checked values and an empty tensor of their shape. */
export type OpenWorker = (values: WeightValues, tensor: QuantizedTensor, rule: ScaleRule) => RowWorker

/** The faster of the two where it may run. */
export const openWorker: OpenWorker = (values, tensor, rule) =>
  wasmWorker(values, tensor, rule) ?? typescriptWorker(values, tensor, rule)
