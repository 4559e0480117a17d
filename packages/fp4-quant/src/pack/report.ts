/** What became of each tensor. */
import type { Fp4Format } from '../formats.js'
import type { ErrorMeasure } from '../measure-error.js'
import type { Dtype } from '../safetensors/header.js'
import type { FileLayout } from './names.js'

export interface TensorReport {
  readonly name: string
  readonly shape: readonly number[]
  /** Of the input. */
  readonly dtype: Dtype
  /** undefined: copied as it is. */
  readonly format: Fp4Format | undefined
  readonly layout: FileLayout | undefined
  /** Tensors of the output that hold it. */
  readonly names: readonly string[]
  readonly inputBytes: number
  /** In the output. */
  readonly bytes: number
  /** Against the original; there once the tensor is packed, unless `measure` is false. */
  readonly error: ErrorMeasure | undefined
  /** Why it was copied. */
  readonly reason: string | undefined
}
