/** The problem that a kernel is chosen for: out[m, n] = activations[m, k] W[k, n]. */
import { type Fp4Format, formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'
import type { PackingOrder } from '@metal-fp4/kernels'
import { fail } from './errors.js'

/** Number type of weights that are not quantized. */
export type DenseType = 'f32' | 'f16' | 'bf16'

/**
 * How products with FP4 weights are computed. `float32`: activations and sums in float32, exact but for its rounding. `int8`: activations
 * as signed bytes in blocks of 16 along K (`quantize_rows_int8`), integer products, float32 sums; for CPUs. Either way a row
 * has the same bits in any company.
 */
export type Precision = 'float32' | 'int8'

export const precisions: readonly Precision[] = ['float32', 'int8']

export type WeightFormat = Fp4Format | DenseType

/** `add`: plus residual[m, n]. `swiglu`: gate and up columns in two stacks of n each, silu(gate) * up. */
export type Epilogue = 'none' | 'add' | 'swiglu'

export interface MatmulProblem {
  /** Rows of activations. */
  readonly m: number
  /** Columns of the result. */
  readonly n: number
  readonly k: number
  readonly format: WeightFormat
  /** Weights along K that share a scale. Default: the format's (fp4 128, mxfp4 32, nvfp4 16). Not for dense weights. */
  readonly groupSize?: number
  /** Default 'none'. */
  readonly epilogue?: Epilogue
  /** The order that the weights are packed in. Default: 'columns64' for FP4 weights, 'rows' for dense ones. */
  readonly order?: PackingOrder
  /** Default: the fastest of the device that is as good as exact (`defaultPrecision`), where it is legal. Dense weights: float32. */
  readonly precision?: Precision
}

/** A problem with every default filled in but the device's: precision is float32 unless asked for. groupSize is 0 for dense weights. */
export type ResolvedProblem = Required<MatmulProblem>

export const denseTypes: readonly DenseType[] = ['f32', 'f16', 'bf16']

export function isDenseType(format: unknown): format is DenseType {
  return denseTypes.includes(format as DenseType)
}

/** Fills defaults in and checks what no kernel would accept. @throws DispatchError naming the field. */
export function resolveProblem(problem: MatmulProblem, op: string): ResolvedProblem {
  const { m, n, k, format, epilogue = 'none', precision = 'float32' } = problem
  for (const [name, size] of Object.entries({ m, n, k })) {
    if (!Number.isSafeInteger(size) || size < 1 || size > 0xffffffff) {
      fail(op, `${name} to be a positive integer`, String(size), 'm is rows of activations, W is [k, n].')
    }
  }
  if (!['none', 'add', 'swiglu'].includes(epilogue)) {
    fail(op, "epilogue 'none', 'add' or 'swiglu'", epilogue, 'Leave it out for a plain product.')
  }
  if (!precisions.includes(precision)) {
    fail(op, "precision 'float32' or 'int8'", precision, 'Leave it out for the default of the device.')
  }
  if (isFp4Format(format)) {
    const { groupSize = formatInfo[format].defaultGroupSize, order = 'columns64' } = problem
    return { m, n, k, format, groupSize, epilogue, order, precision }
  }
  if (isDenseType(format)) {
    if (precision !== 'float32')
      fail(op, `precision float32 for ${format} weights`, precision, 'int8 is for FP4 weights.')
    return { m, n, k, format, groupSize: 0, epilogue, order: problem.order ?? 'rows', precision }
  }
  return fail(op, `format fp4, mxfp4, nvfp4, ${denseTypes.join(', ')}`, String(format), 'Pass one of these names.')
}
