/** What the simulator found wrong with a kernel. */
export interface Report {
  /** `out-of-bounds`, `race`, `divergent-barrier`, `uninitialized`, …: runtime/PROTOCOL.md lists them. */
  readonly kind: string
  readonly kernel: string
  readonly label: string
  readonly message: string
  /** How often it happened. */
  readonly times: number
  /** Where: the first is where it was noticed; races and divergent barriers have a second. */
  readonly places: readonly ReportPlace[]
}

export interface ReportPlace {
  /** `read`, `write`, `atomic`, `barrier`, `simd`, `ended` or `here`. */
  readonly role: string
  /** Empty when it is not known. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Of the dispatch, in the order in which they were given. */
  readonly dispatch: number
  readonly kernel: string
  readonly threadInThreadgroup: readonly [number, number, number]
  readonly threadgroup: readonly [number, number, number]
}

/** What one dispatch did. Of the `counting` mode and the option `count`. */
export interface Counts {
  readonly executedMultiplyAdds: number
  /** Those where neither factor was zero. */
  readonly usefulMultiplyAdds: number
  /** Bytes of buffers over all accesses of all threads; NaN in the fast mode. */
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Each byte counted once. */
  readonly uniqueBytesRead: number
  readonly uniqueBytesWritten: number
  readonly threadgroupBarriers: number
  readonly simdgroupBarriers: number
}

export interface RunResult {
  /** What was found wrong; empty when all is well. */
  readonly reports: readonly Report[]
  /** Further different reports that were not kept. */
  readonly suppressed: number
  /** For each dispatch, if `count` is on. */
  readonly counts: readonly Counts[]
  /** Seconds that each dispatch took, if `profile` is on. */
  readonly times: readonly { readonly start: number; readonly end: number }[]
}
