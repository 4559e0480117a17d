/** What the pool and its workers say to each other. Both are built from the same sources, so nothing is checked twice. */
import type { Fp4Format, ScaleRule } from '../formats.js'
import type { QuantizeOptions } from '../options.js'
import type { QuantizedTensor } from '../tensor.js'
import type { WeightValues } from '../weight-values.js'

/** Work on some rows of one expert and part, or on a whole tensor. */
export type Task =
  | { readonly kind: 'absmax'; readonly values: WeightValues; readonly rows: number; readonly k: number }
  | {
      readonly kind: 'rows'
      readonly values: WeightValues
      readonly format: Fp4Format
      readonly rows: number
      readonly k: number
      readonly groupSize: number
      readonly rule: ScaleRule
      readonly globalScale: number
    }
  | { readonly kind: 'tensor'; readonly values: WeightValues; readonly options: QuantizeOptions }

/** What a task gives: arrays are moved, not copied. */
export type Outcome =
  | { readonly kind: 'absmax'; readonly absmax: number }
  | { readonly kind: 'rows'; readonly packed: Uint32Array; readonly scales: Uint16Array | Uint8Array }
  | { readonly kind: 'tensor'; readonly tensor: QuantizedTensor }

export interface Request {
  readonly id: number
  readonly task: Task
}

export type Reply =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly progress: { readonly done: number; readonly total: number } }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }

/** The buffer of values. */
export function bufferOf(values: WeightValues): ArrayBufferLike {
  return 'type' in values ? values.bits.buffer : values.buffer
}
