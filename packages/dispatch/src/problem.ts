/** The problem that a kernel is chosen for: out[m, n] = activations[m, k] W[k, n]. */
import { type Fp4Format, formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'
import type { PackingOrder } from '@metal-fp4/kernels'
import { fail } from './errors.js'

/** Number type of weights that are not quantized. */
export type DenseType = 'f32' | 'f16' | 'bf16'

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
}

/** A problem with every default filled in; groupSize is 0 for dense weights. */
export type ResolvedProblem = Required<MatmulProblem>

export const denseTypes: readonly DenseType[] = ['f32', 'f16', 'bf16']

export function isDenseType(format: unknown): format is DenseType {
  return denseTypes.includes(format as DenseType)
}

/** Fills defaults in and checks what no kernel would accept. @throws DispatchError naming the field. */
export function resolveProblem(problem: MatmulProblem, op: string): ResolvedProblem {
  const { m, n, k, format, epilogue = 'none' } = problem
  for (const [name, size] of Object.entries({ m, n, k })) {
    if (!Number.isSafeInteger(size) || size < 1 || size > 0xffffffff) {
      fail(op, `${name} to be a positive integer`, String(size), 'm is rows of activations, W is [k, n].')
    }
  }
  if (!['none', 'add', 'swiglu'].includes(epilogue)) {
    fail(op, "epilogue 'none', 'add' or 'swiglu'", epilogue, 'Leave it out for a plain product.')
  }
  if (isFp4Format(format)) {
    const { groupSize = formatInfo[format].defaultGroupSize, order = 'columns64' } = problem
    return { m, n, k, format, groupSize, epilogue, order }
  }
  if (isDenseType(format)) return { m, n, k, format, groupSize: 0, epilogue, order: problem.order ?? 'rows' }
  return fail(op, `format fp4, mxfp4, nvfp4, ${denseTypes.join(', ')}`, String(format), 'Pass one of these names.')
}
