/**
 * compressed-tensors (vLLM, llm-compressor): `nvfp4-pack-quantized` and `mxfp4-pack-quantized`. `weight_packed` (U8), `weight_scale`
 * (F8_E4M3, or U8 for E8M0) and, for nvfp4, `weight_global_scale` (F32), by which scales are *divided*: it is the
 * reciprocal of ours. (compressors/nvfp4 and compressors/mxfp4 in github.com/vllm-project/compressed-tensors, commit ac8e2ba.)
 */
import { describe, failLayout } from '../errors.js'
import { formatInfo } from '../formats.js'
import { type LongWork, type Steps, runSteps } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import { preimage } from './reciprocal.js'
import type { FromOptions, Fp4Rows } from './rows.js'
import { checkArray, checkGlobalScales, checkRowSizes, checkScaleCodes, rowsOfTensor, tensorOfRows } from './rows.js'

/** A tensor as compressed-tensors stores it; arrays have a leading `[E]` when there are several experts. */
export interface CompressedTensor {
  readonly layout: 'compressed-tensors'
  readonly format: 'nvfp4-pack-quantized' | 'mxfp4-pack-quantized'
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/2]`: two codes a byte, the even value low. */
  readonly weightPacked: Uint8Array
  /** `[E, N, K/16]` E4M3, or `[E, N, K/32]` E8M0. */
  readonly weightScale: Uint8Array
  /** `[E]`, nvfp4 only: 1 / global scale. */
  readonly weightGlobalScale?: Float32Array
}

export interface CompressedTensorsOptions extends LongWork {
  /**
   * What to do where no float32 has the global scale as its rounded reciprocal (about three scales in ten). `exact` (default) is an error,
   * `nearest` takes the nearest reciprocal: all weights are then off by the same factor, at most 2^-24 from 1.
   */
  globalScale?: 'exact' | 'nearest'
}

/**
 * An mxfp4 or nvfp4 tensor for compressed-tensors; codes and scales are exact. K must be a multiple of the group size.
 * @throws LayoutError when it cannot be held: fp4, a ragged K, parts with different global scales, a global scale without a reciprocal.
 */
export function toCompressedTensors(tensor: QuantizedTensor, options?: CompressedTensorsOptions): CompressedTensor {
  return runSteps(toCompressedSteps(tensor, options), options, 'toCompressedTensors')
}

/**
 * The tensor that a compressed-tensors checkpoint holds. Codes and scales are exact; the global scale is the nearest float32 to the
 * reciprocal of the stored one.
 * @throws LayoutError when the arrays do not fit.
 */
export function fromCompressedTensors(
  tensor: Omit<CompressedTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options?: FromOptions,
): QuantizedTensor {
  const op = 'fromCompressedTensors'
  return runSteps(tensorOfRows(rowsOfCompressed(tensor, options, op), options, op), options, op)
}

export function* toCompressedSteps(
  tensor: QuantizedTensor,
  options?: CompressedTensorsOptions,
): Steps<CompressedTensor> {
  const op = 'toCompressedTensors'
  return compressedOfRows(yield* rowsOfTensor(tensor, op, formatMultiple(tensor)), options, op)
}

export function compressedOfRows(
  rows: Fp4Rows,
  options: CompressedTensorsOptions | undefined,
  op: string,
): CompressedTensor {
  const { format, experts, n, k, codes: weightPacked, scales: weightScale } = rows
  const sizes = { layout: 'compressed-tensors', experts, n, k, weightPacked, weightScale } as const
  if (format === 'mxfp4') {
    checkScaleCodes(rows, 0xfe, 'as compressed-tensors reads 0xff as 2^128', op)
    return { ...sizes, format: 'mxfp4-pack-quantized' }
  }
  const rule = options?.globalScale ?? 'exact'
  if ((rule as string) !== 'exact' && (rule as string) !== 'nearest') {
    failLayout(op, "globalScale 'exact' or 'nearest'", describe(rule), 'Pass one of these names.')
  }
  const weightGlobalScale = rows.globalScales.map((scale, expert) => {
    const { value, exact } = preimage((x) => 1 / x, scale, 1 / scale)
    if (exact || rule === 'nearest') return value
    const fix = "Pass globalScale: 'nearest' (a factor within 2^-24 of 1 on all weights), or use toModelOpt."
    return failLayout(op, 'a global scale that is a reciprocal in float32', `${scale} (expert ${expert})`, fix)
  })
  return { ...sizes, format: 'nvfp4-pack-quantized', weightGlobalScale }
}

export function rowsOfCompressed(
  tensor: Omit<CompressedTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options: LongWork | undefined,
  op: string,
): Fp4Rows {
  const name = (tensor as Partial<CompressedTensor> | undefined)?.format as string | undefined
  const format = name === 'nvfp4-pack-quantized' ? 'nvfp4' : name === 'mxfp4-pack-quantized' ? 'mxfp4' : undefined
  if (format === undefined) {
    return failLayout(
      op,
      "format 'nvfp4-pack-quantized' or 'mxfp4-pack-quantized'",
      describe(name),
      'Pass the format that the config names.',
    )
  }
  const { defaultGroupSize: groupSize } = formatInfo[format]
  const { experts, n, k } = checkRowSizes(tensor, groupSize, options, op)
  const { weightPacked: codes, weightScale: scales, weightGlobalScale } = tensor
  checkArray(codes, 'weightPacked', 'Uint8Array', (experts * n * k) / 2, op)
  checkArray(scales, 'weightScale', 'Uint8Array', (experts * n * k) / groupSize, op)
  if (format === 'mxfp4') {
    const rows: Fp4Rows = { format, experts, n, k, codes, scales, globalScales: new Float32Array(experts).fill(1) }
    checkScaleCodes(rows, 0xfe, 'as compressed-tensors reads 0xff as 2^128', op)
    return rows
  }
  checkGlobalScales(weightGlobalScale as Float32Array, 'weightGlobalScale', experts, op)
  const globalScales = (weightGlobalScale as Float32Array).map((scale) => 1 / scale)
  checkGlobalScales(globalScales, '1 / weightGlobalScale', experts, op)
  return { format, experts, n, k, codes, scales, globalScales }
}

/** What K has to be a multiple of: the group size (fp4 is refused later, by name). */
function formatMultiple(tensor: QuantizedTensor): number {
  return (tensor as QuantizedTensor | undefined)?.format === 'mxfp4' ? 32 : 16
}
