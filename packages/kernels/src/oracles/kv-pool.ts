/** The pool of half blocks `[poolBlocks, kvHeads, blockSize, headDim]` that keys and values live in, and its block tables. */
import { refuse } from './oracle-error.js'

export interface PoolShape {
  readonly blockSize: number
  /** Entries from one row's table to the next; 0: one table for all rows. */
  readonly tableStride: number
  readonly maxBlocks: number
  readonly poolBlocks: number
}

/** The block that holds `position` of the sequence of `row`. */
export function blockOf(
  kernel: string,
  shape: PoolShape,
  blockTable: Uint32Array,
  row: number,
  position: number,
): number {
  const { blockSize, tableStride, maxBlocks, poolBlocks } = shape
  if (position >= maxBlocks * blockSize) {
    refuse(kernel, `position ${position} at row ${row} is outside the block table's ${maxBlocks * blockSize} positions`)
  }
  const entry = Math.floor(position / blockSize)
  const block = blockTable[row * tableStride + entry]
  if (block >= poolBlocks)
    refuse(kernel, `block ${block} at entry ${entry} of row ${row} is outside the pool of ${poolBlocks}`)
  return block
}
