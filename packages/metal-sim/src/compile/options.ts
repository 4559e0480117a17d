import type { Mode } from './build-flags.js'

export interface CompileOptions {
  /** File name for messages, and for `#include "…"` next to it. Default `source.metal`. */
  readonly name?: string
  /**
   * `checked` (default): every access looked at. `counting`: the same, and multiply-adds are counted. `fast`: optimized, nothing looked at.
   */
  readonly mode?: Mode
  readonly defines?: Readonly<Record<string, string | number | boolean>>
  readonly includeDirectories?: readonly string[]
  /** Rules whose violations are only warned of, `recursion` say. Not `clang`. */
  readonly allow?: readonly string[]
  /** A clang++ of version 19 or newer. */
  readonly clang?: string
  readonly cacheDirectory?: string
  readonly signal?: AbortSignal
}
