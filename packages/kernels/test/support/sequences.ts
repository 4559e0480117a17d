/** Sequences in a shuffled KV pool, for the tests of attention and of rope_kv_append. */
import { float32ToHalfArray } from '@metal-fp4/fp4-quant'
import { normal, permutation } from './random.js'

export interface SequenceShape {
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly blockSize: number
  /** One for each row. */
  readonly positions: readonly number[]
  /** Whether each row has a block table of its own. Default: all rows are of one sequence. */
  readonly ownTables?: boolean
  /** Of queries and values; keys have rms 1. Default 1. */
  readonly rms?: number
}

/** Of the arguments of attention and rope_kv_append, those that have to do with the pool, and queries to go with it. */
export interface Sequences {
  readonly problem: {
    readonly m: number
    readonly heads: number
    readonly kvHeads: number
    readonly headDim: number
    readonly blockSize: number
    readonly tableStride: number
    readonly maxBlocks: number
    readonly poolBlocks: number
  }
  readonly args: {
    readonly keys: Uint16Array
    readonly values: Uint16Array
    readonly positions: Uint32Array
    readonly blockTable: Uint32Array
  }
  readonly queries: Float32Array
}

/** An entry that no kernel may use: those of positions beyond the rows'. */
const unusedBlock = 0xffffffff

/** A pool full of numbers, and block tables over shuffled blocks of it; every other block belongs to nobody. */
export function makeSequences(shape: SequenceShape): Sequences {
  const { heads, kvHeads, headDim, blockSize, positions, ownTables = false, rms = 1 } = shape
  const m = positions.length
  const longest = Math.max(...positions)
  const maxBlocks = Math.floor(longest / blockSize) + 2
  const tables = ownTables ? m : 1
  const tableStride = ownTables ? maxBlocks + 1 : 0
  const poolBlocks = tables * maxBlocks + 3
  const order = permutation(poolBlocks, 11)
  const blockTable = new Uint32Array(tableStride * (m - 1) + maxBlocks).fill(unusedBlock)
  for (let table = 0; table < tables; table++) {
    const used = Math.floor((ownTables ? positions[table] : longest) / blockSize) + 1
    for (let entry = 0; entry < used; entry++)
      blockTable[table * tableStride + entry] = order[table * maxBlocks + entry]
  }
  const pool = poolBlocks * kvHeads * blockSize * headDim
  return {
    problem: { m, heads, kvHeads, headDim, blockSize, tableStride, maxBlocks, poolBlocks },
    args: {
      keys: float32ToHalfArray(normal(pool, 21)),
      values: float32ToHalfArray(normal(pool, 22, rms)),
      positions: Uint32Array.from(positions),
      blockTable,
    },
    queries: normal(m * heads * headDim, 23, rms),
  }
}
