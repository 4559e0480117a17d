/**
 * NVIDIA ModelOpt's NVFP4 tensors, as its unified Hugging Face export writes them: `weight` (U8), `weight_scale` (F8_E4M3),
 * `weight_scale_2` (F32) and `input_scale`. A weight is code * weight_scale * weight_scale_2. (`NVFP4QTensor` in
 * github.com/NVIDIA/TensorRT-Model-Optimizer, commit 5a4242f.)
 */
import { failLayout } from '../errors.js'
import { type LongWork, type Steps, runSteps } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import type { FromOptions, Fp4Rows } from './rows.js'
import { checkArray, checkGlobalScales, checkRowSizes, rowsOfTensor, tensorOfRows } from './rows.js'

/** NVFP4 as ModelOpt stores it; arrays have a leading `[E]` when there are several experts. */
export interface ModelOptTensor {
  readonly layout: 'modelopt'
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/2]`: two codes a byte, the even value low. */
  readonly weight: Uint8Array
  /** `[E, N, K/16]`, E4M3. */
  readonly weightScale: Uint8Array
  /** `[E]`; a scalar in the file when there is one expert. */
  readonly weightScale2: Float32Array
  /** `[E]`, of the activations: no part of the weights, carried along for the file. */
  readonly inputScale?: Float32Array
}

export interface ModelOptOptions extends LongWork {
  /** `[E]`: scale of the activations, from a calibration. Without it a runtime quantizes the weights only. */
  inputScale?: Float32Array
}

/**
 * An nvfp4 tensor for ModelOpt; exact. K must be a multiple of 16.
 * @throws LayoutError when it cannot be held: another format, a ragged K, parts with different global scales.
 */
export function toModelOpt(tensor: QuantizedTensor, options?: ModelOptOptions): ModelOptTensor {
  return runSteps(toModelOptSteps(tensor, options), options, 'toModelOpt')
}

/** The tensor that a ModelOpt checkpoint holds; exact. @throws LayoutError when the arrays do not fit. */
export function fromModelOpt(
  tensor: Omit<ModelOptTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options?: FromOptions,
): QuantizedTensor {
  const op = 'fromModelOpt'
  return runSteps(tensorOfRows(rowsOfModelOpt(tensor, options, op), options, op), options, op)
}

export function* toModelOptSteps(tensor: QuantizedTensor, options?: ModelOptOptions): Steps<ModelOptTensor> {
  const op = 'toModelOpt'
  return modelOptOfRows(yield* rowsOfTensor(tensor, op, 16), options, op)
}

export function modelOptOfRows(rows: Fp4Rows, options: ModelOptOptions | undefined, op: string): ModelOptTensor {
  const { format, experts, n, k, codes, scales, globalScales } = rows
  if (format !== 'nvfp4') {
    const fix = "Quantize with format 'nvfp4', or use toCompressedTensors, which has mxfp4."
    failLayout(op, 'an nvfp4 tensor', format, fix)
  }
  const tensor: ModelOptTensor = {
    layout: 'modelopt', experts, n, k, weight: codes, weightScale: scales, weightScale2: globalScales,
  } // prettier-ignore
  const inputScale = options?.inputScale
  if (inputScale === undefined) return tensor
  checkGlobalScales(inputScale, 'inputScale', experts, op)
  return { ...tensor, inputScale }
}

export function rowsOfModelOpt(
  tensor: Omit<ModelOptTensor, 'layout' | 'experts'> & { readonly experts?: number },
  options: LongWork | undefined,
  op: string,
): Fp4Rows {
  const { experts, n, k } = checkRowSizes(tensor, 16, options, op)
  const { weight, weightScale, weightScale2 } = tensor
  checkArray(weight, 'weight', 'Uint8Array', (experts * n * k) / 2, op)
  checkArray(weightScale, 'weightScale', 'Uint8Array', (experts * n * k) / 16, op)
  checkGlobalScales(weightScale2, 'weightScale2', experts, op)
  return { format: 'nvfp4', experts, n, k, codes: weight, scales: weightScale, globalScales: weightScale2 }
}
