import { halfToFloat } from '@metal-fp4/fp4-quant'
import type { ropeKvAppend as definition } from '../manifest/rope_kv_append.js'
import type { ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { blockOf } from './kv-pool.js'
import { refuse } from './oracle-error.js'
import { normalizeRows } from './rms_norm.js'

type Definition = typeof definition

/**
 * Rotated queries (J. Su et al., "RoFormer", 2021), and the pool with the rows' keys and values in it: old blocks as they were, new
 * numbers saturated to ±65504 as the kernel does, but not rounded to half.
 */
export function ropeKvAppend(
  problem: ProblemOf<Definition>,
  constants: ConstantsOf<Definition>,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, heads, kvHeads, headDim, maxPositions, blockSize, epsilon } = problem
  const keys = Float64Array.from(args.keys, halfToFloat)
  const values = Float64Array.from(args.values, halfToFloat)
  const queries = new Float64Array(m * heads * headDim)
  const half = headDim / 2
  for (let row = 0; row < m; row++) {
    const position = args.positions[row]
    if (position >= maxPositions) {
      refuse('rope_kv_append', `position ${position} at row ${row} is not below maxPositions ${maxPositions}`)
    }
    const block = blockOf('rope_kv_append', problem, args.blockTable, row, position)
    const head = (index: number): Float32Array => {
      const at = (row * (heads + 2 * kvHeads) + index) * headDim
      return args.qkv.subarray(at, at + headDim)
    }
    const rotate = (input: Float32Array, weight: Float32Array | null | undefined): Float64Array => {
      const normalized =
        constants.norm === 'on' && weight ? normalizeRows({ m: 1, k: headDim, epsilon }, input, weight) : input
      const out = new Float64Array(headDim)
      for (let i = 0; i < half; i++) {
        const [first, second] = constants.pairing === 'interleaved' ? [2 * i, 2 * i + 1] : [i, i + half]
        const cosine = args.rotations[(position * half + i) * 2]
        const sine = args.rotations[(position * half + i) * 2 + 1]
        out[first] = normalized[first] * cosine - normalized[second] * sine
        out[second] = normalized[second] * cosine + normalized[first] * sine
      }
      return out
    }
    for (let h = 0; h < heads; h++) queries.set(rotate(head(h), args.queryNorm), (row * heads + h) * headDim)
    for (let h = 0; h < kvHeads; h++) {
      const slot = ((block * kvHeads + h) * blockSize + (position % blockSize)) * headDim
      keys.set(rotate(head(heads + h), args.keyNorm).map(saturate), slot)
      values.set(head(heads + kvHeads + h).map(saturate), slot)
    }
  }
  return { queries, keys, values }
}

/** One infinite key would make a whole row of attention NaN, so what is beyond a half stays the largest half. */
const saturate = (x: number): number => Math.min(Math.max(x, -65504), 65504)
