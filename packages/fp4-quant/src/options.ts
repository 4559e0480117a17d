/** The options of `quantize`, and their check. */
import { describe, fail } from './errors.js'
import { type Fp4Format, type ScaleRule, formatInfo, isFp4Format } from './formats.js'
import { type TensorShape, checkShape } from './tensor.js'
import { type WeightValues, countValues } from './weight-values.js'

export interface QuantizeOptions {
  /** Output width N: rows of the input. */
  n: number
  /** Input width K: columns of the input, the axis that groups lie along. */
  k: number
  /** Number of experts E of an input `[E, N, K]`. Default 1. */
  experts?: number
  format: Fp4Format
  /** Values that share a scale. fp4: default 128, any integer from 16; K or more is one group a row. mxfp4 is 32, nvfp4 is 16. */
  groupSize?: number
  /** Default 'absmax'. 'mse' is slower and never worse in squared error. */
  scales?: ScaleRule
  /** Sizes along N of fused parts (q, k, v; gate, up), summing to n. nvfp4 gets a global scale for each expert and part. */
  parts?: readonly number[]
  /** Called about every hundredth of the work with the rows done and the rows in all (E * N); throwing stops the work. */
  onProgress?: (done: number, total: number) => void
  /** Looked at before the work and after each call of onProgress; when aborted, its reason is thrown. */
  signal?: AbortSignal
}

/** Checks values and options together and fills the defaults in. */
export function resolveOptions(
  values: WeightValues,
  options: QuantizeOptions,
): { shape: TensorShape; rule: ScaleRule } {
  const op = 'quantize'
  if (typeof options !== 'object' || (options as unknown) === null) {
    fail(op, 'options { n, k, format }', describe(options), 'Pass the shape and the format.')
  }
  const { n, k, experts = 1, format, scales: rule = 'absmax', parts = [n], onProgress } = options
  const groupSize = options.groupSize ?? (isFp4Format(format) ? formatInfo[format].defaultGroupSize : 0)
  checkShape({ format, experts, n, k, groupSize, parts }, op)
  if (!['absmax', 'mse'].includes(rule)) {
    fail(op, "scales 'absmax' or 'mse'", describe(rule), 'Pass one of these names.')
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    fail(op, 'onProgress to be a function', describe(onProgress), 'Pass (done, total) => void.')
  }
  const count = countValues(values, op)
  if (count !== experts * n * k) {
    const shape = `[${experts === 1 ? '' : `${experts}, `}${n}, ${k}]`
    fail(op, `${experts * n * k} values for ${shape}`, `${count}`, 'The input is row-major [N, K] or [E, N, K].')
  }
  return { shape: { format, experts, n, k, groupSize, parts: [...parts] }, rule }
}
