/**
 * Apple's MLX, modes `mxfp4` and `nvfp4` of `mx.quantize`: `weight` as uint32 words of 8 codes along K, `scales` as uint8, no biases.
 * A weight is code * scale. For nvfp4 `mx.dequantize` and `mx.qqmm` take a `global_scale` besides, the tensor's largest magnitude A,
 * by which the scales are multiplied as A / (448 * 6); `mx.quantized_matmul` has none. (mlx/ops.cpp in
 * github.com/ml-explore/mlx, commit 846d176.)
 */
import { describe, failLayout } from '../errors.js'
import { type LongWork, type Steps, runSteps } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import { foldGlobalScale } from './fold.js'
import { preimage } from './reciprocal.js'
import type { FromOptions, Fp4Rows } from './rows.js'
import {
  bytesOf, checkArray, checkGlobalScales, checkRowSizes, checkScaleCodes, rowsOfTensor, tensorOfRows, wordsOf,
} from './rows.js' // prettier-ignore

/** A tensor as MLX stores it; arrays have a leading `[E]` when there are several experts. */
export interface MlxTensor {
  readonly layout: 'mlx'
  readonly mode: 'mxfp4' | 'nvfp4'
  readonly bits: 4
  readonly groupSize: 16 | 32
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/8]`: value k in bits 4(k mod 8) of word k div 8. */
  readonly weight: Uint32Array
  /** `[E, N, K/groupSize]`: E8M0 (mxfp4) or E4M3 (nvfp4). */
  readonly scales: Uint8Array
  /** `[E]`, only with `globalScale: 'keep'`: MLX's `global_scale`, 2688 times ours. */
  readonly globalScale?: Float32Array
  /** Signal to noise of requantizing, in dB against the tensor that went in; Infinity where nothing was lost. */
  readonly sqnrDb: number
}

export interface MlxOptions extends LongWork {
  /**
   * What to do with nvfp4's global scale, which `mx.quantized_matmul` does not have.
   * - `fold` (default): multiply it into the scales where that is exact, else throw.
   * - `requantize`: multiply it in and round scales and codes again; the loss is in `sqnrDb`.
   * - `keep`: hand it out as `globalScale`, for `mx.dequantize` and `mx.qqmm`; at most 2^-24 off.
   */
  globalScale?: 'fold' | 'requantize' | 'keep'
}

/** The arrays of `mx.quantize`, as `fromMlx` takes them. */
export type MlxArrays = Pick<MlxTensor, 'mode' | 'n' | 'k' | 'weight' | 'scales' | 'globalScale'> & {
  readonly experts?: number
}

/**
 * An mxfp4 or nvfp4 tensor for MLX; exact, unless `globalScale: 'requantize'` is asked for. K must be a multiple of the group size.
 * @throws LayoutError when it cannot be held: fp4, a ragged K, a NaN scale, a global scale that does not fold.
 */
export function toMlx(tensor: QuantizedTensor, options?: MlxOptions): MlxTensor {
  return runSteps(toMlxSteps(tensor, options), options, 'toMlx')
}

/** The tensor of MLX's arrays; exact. @throws LayoutError when the arrays do not fit, or for a NaN scale. */
export function fromMlx(tensor: MlxArrays, options?: FromOptions): QuantizedTensor {
  const op = 'fromMlx'
  return runSteps(tensorOfRows(rowsOfMlx(tensor, options, op), options, op), options, op)
}

export function* toMlxSteps(tensor: QuantizedTensor, options?: MlxOptions): Steps<MlxTensor> {
  const op = 'toMlx'
  const multiple = (tensor as QuantizedTensor | undefined)?.format === 'mxfp4' ? 32 : 16
  return yield* mlxOfRows(yield* rowsOfTensor(tensor, op, multiple), options, op)
}

const readings = { mxfp4: 'as MLX reads 0xff as 2^128', nvfp4: 'as MLX has no NaN scale' } as const
const largest = 448 * 6

export function* mlxOfRows(rows: Fp4Rows, options: MlxOptions | undefined, op: string): Steps<MlxTensor> {
  const rule: string = options?.globalScale ?? 'fold'
  if (!['fold', 'requantize', 'keep'].includes(rule)) {
    failLayout(op, "globalScale 'fold', 'requantize' or 'keep'", describe(rule), 'Pass one of these names.')
  }
  checkNaN(rows, op)
  const keep = rule === 'keep' && rows.format === 'nvfp4'
  const folded = keep ? { rows, sqnrDb: Infinity } : yield* foldGlobalScale(rows, rule === 'requantize', op)
  const { format: mode, experts, n, k, codes, scales } = folded.rows
  const tensor: MlxTensor = {
    layout: 'mlx', mode, bits: 4, groupSize: mode === 'mxfp4' ? 32 : 16,
    experts, n, k, weight: wordsOf(codes), scales, sqnrDb: folded.sqnrDb,
  } // prettier-ignore
  if (!keep) return tensor
  const globalScale = rows.globalScales.map((scale) => preimage((x) => x / largest, scale, scale * largest).value)
  return { ...tensor, globalScale }
}

export function rowsOfMlx(tensor: MlxArrays, options: LongWork | undefined, op: string): Fp4Rows {
  const format = (tensor as Partial<MlxArrays> | undefined)?.mode
  if (format !== 'mxfp4' && format !== 'nvfp4') {
    return failLayout(op, "mode 'mxfp4' or 'nvfp4'", describe(format), 'Other modes of MLX are not FP4.')
  }
  const groupSize = format === 'mxfp4' ? 32 : 16
  const { experts, n, k } = checkRowSizes(tensor, groupSize, options, op)
  const { weight, scales, globalScale } = tensor
  checkArray(weight, 'weight', 'Uint32Array', (experts * n * k) / 8, op)
  checkArray(scales, 'scales', 'Uint8Array', (experts * n * k) / groupSize, op)
  let globalScales = new Float32Array(experts).fill(1)
  if (globalScale !== undefined) {
    if (format === 'mxfp4') failLayout(op, 'no globalScale for mxfp4', describe(globalScale), 'Leave it out.')
    checkGlobalScales(globalScale, 'globalScale', experts, op)
    globalScales = globalScale.map((scale) => scale / largest)
    checkGlobalScales(globalScales, 'globalScale / 2688', experts, op)
  }
  const rows: Fp4Rows = { format, experts, n, k, codes: bytesOf(weight), scales, globalScales }
  checkNaN(rows, op)
  return rows
}

/** MLX's 8-bit floats have a sign and no NaN: 0x7f is 480 there. */
function checkNaN(rows: Fp4Rows, op: string): void {
  if (rows.format === 'mxfp4') checkScaleCodes(rows, 0xfe, readings.mxfp4, op)
  else if (rows.scales.some((code) => (code & 0x7f) === 0x7f)) checkScaleCodes(rows, 0x7e, readings.nvfp4, op)
}
