/** A call of gemv_fp4 that fits, and changes to it, over things that only have a size. */
import type { KernelSpec, gemvFp4 } from '../../src/index.js'

export const bytes = (byteLength: number, offset = 0): { byteLength: number; offset: number } => ({
  byteLength,
  offset,
})

export function spec(
  changes: { problem?: object; constants?: object; args?: object } = {},
): KernelSpec<typeof gemvFp4> {
  return {
    problem: { m: 2, n: 70, k: 100, groupSize: 32, ...changes.problem },
    constants: { format: 'nvfp4', ...changes.constants },
    args: {
      activations: bytes(800),
      codes: bytes(4 * 128 * 13),
      scales: bytes(128 * 4),
      columnScales: bytes(512),
      out: bytes(560),
      ...changes.args,
    },
  }
}
