import type { Binding } from './buffer.js'
import type { FunctionConstants, Size3, Storage } from './types.js'

export interface BufferOptions {
  /** Bytes, at least 1. */
  readonly byteLength: number
  /** Default: 'shared'. */
  readonly storage?: Storage
  readonly label?: string
}

export interface BufferDataOptions {
  /** Copied in. */
  readonly data: ArrayBufferView
  /** Default: 'shared'. */
  readonly storage?: Storage
  readonly label?: string
}

export interface MapFileOptions {
  /** Bytes from the start of the file; any. Default: 0. */
  readonly offset?: number
  /** Default: to the end of the file. */
  readonly byteLength?: number
  readonly label?: string
}

/** One dispatch: what, how large, on which memory. */
export interface DispatchSpec {
  /** Threadgroups. */
  readonly grid: Size3
  /** Threads of a threadgroup. Default: one. */
  readonly threadgroup?: Size3
  /**
   * One for each argument of the kernel. Typed arrays over device memory are used in place; others are copied in and,
   * where the kernel writes them, back; null for optional arguments.
   */
  readonly buffers: readonly (Binding | ArrayBufferView | null)[]
  readonly constants?: FunctionConstants
  /** false: resolve as soon as it is queued, with a Submission. Default: true. */
  readonly wait?: boolean
  readonly label?: string
}
