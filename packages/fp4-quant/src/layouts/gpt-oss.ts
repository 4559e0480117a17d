/**
 * OpenAI's gpt-oss: MXFP4 as two tensors, `…_blocks` (U8) and `…_scales` (U8, E8M0), with K last. (gpt_oss/torch/weights.py in
 * github.com/openai/gpt-oss, commit 7b58334: the low nibble of a byte is the even value.)
 */
import { failLayout } from '../errors.js'
import { type LongWork, type Steps, runSteps } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import type { FromOptions, Fp4Rows } from './rows.js'
import { checkArray, checkRowSizes, checkScaleCodes, rowsOfTensor, tensorOfRows } from './rows.js'

/** MXFP4 as gpt-oss stores it; arrays have a leading `[E]` (always there in its own files, where weights are experts'). */
export interface GptOssTensor {
  readonly layout: 'gpt-oss'
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/32, 16]`: two codes a byte, the even value low. */
  readonly blocks: Uint8Array
  /** `[E, N, K/32]`, E8M0. */
  readonly scales: Uint8Array
}

/**
 * An mxfp4 tensor for gpt-oss; exact. K must be a multiple of 32.
 * @throws LayoutError when it cannot be held: another format, a ragged K, a NaN scale.
 */
export function toGptOss(tensor: QuantizedTensor, options?: LongWork): GptOssTensor {
  return runSteps(toGptOssSteps(tensor), options, 'toGptOss')
}

/** The tensor of gpt-oss' two; exact. @throws LayoutError when the arrays do not fit or a scale is 0xff. */
export function fromGptOss(
  tensor: Omit<GptOssTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options?: FromOptions,
): QuantizedTensor {
  const op = 'fromGptOss'
  return runSteps(tensorOfRows(rowsOfGptOss(tensor, options, op), options, op), options, op)
}

export function* toGptOssSteps(tensor: QuantizedTensor): Steps<GptOssTensor> {
  const op = 'toGptOss'
  if ((tensor as QuantizedTensor | undefined)?.format === 'nvfp4') failLayout(op, 'an mxfp4 tensor', 'nvfp4', fix)
  return gptOssOfRows(yield* rowsOfTensor(tensor, op, 32), op)
}

const fix = "Quantize with format 'mxfp4', or use toModelOpt or toCompressedTensors, which have nvfp4."
const reading = 'as gpt-oss reads 0xff as 2^128'

export function gptOssOfRows(rows: Fp4Rows, op: string): GptOssTensor {
  const { format, experts, n, k, codes, scales } = rows
  if (format !== 'mxfp4') failLayout(op, 'an mxfp4 tensor', format, fix)
  checkScaleCodes(rows, 0xfe, reading, op)
  return { layout: 'gpt-oss', experts, n, k, blocks: codes, scales }
}

export function rowsOfGptOss(
  tensor: Omit<GptOssTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options: LongWork | undefined,
  op: string,
): Fp4Rows {
  const { experts, n, k } = checkRowSizes(tensor, 32, options, op)
  const { blocks: codes, scales } = tensor
  checkArray(codes, 'blocks', 'Uint8Array', (experts * n * k) / 2, op)
  checkArray(scales, 'scales', 'Uint8Array', (experts * n * k) / 32, op)
  const globalScales = new Float32Array(experts).fill(1)
  const rows: Fp4Rows = { format: 'mxfp4', experts, n, k, codes, scales, globalScales }
  checkScaleCodes(rows, 0xfe, reading, op)
  return rows
}
