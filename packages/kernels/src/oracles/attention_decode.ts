import { halfToFloat } from '@metal-fp4/fp4-quant'
import type { attentionDecode as definition } from '../manifest/attention_decode.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { type PoolShape, blockOf } from './kv-pool.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

export interface AttentionShape extends PoolShape {
  readonly m: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly splitLength: number
  /** Multiplies the products of queries and keys, usually 1 / sqrt(headDim). */
  readonly scale: number
}

export interface AttentionArguments {
  /** `[M, heads, headDim]` */
  readonly queries: ArrayLike<number>
  /** Half bits, `[poolBlocks, kvHeads, blockSize, headDim]` */
  readonly keys: Uint16Array
  readonly values: Uint16Array
  readonly positions: Uint32Array
  readonly blockTable: Uint32Array
}

/**
 * For each head and split of positions: sum of exp(score - maximum) * value, the maximum score and the sum of exp(score - maximum).
 * Splits that begin beyond a row's position stay NaN.
 */
export function attentionDecode(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, heads, headDim, splitLength, splits } = problem
  const partials = new Float64Array(m * heads * splits * (headDim + 2)).fill(NaN)
  for (let row = 0; row < m; row++) {
    const end = args.positions[row] + 1
    if (end > splits * splitLength) {
      refuse('attention_decode', `position ${end - 1} at row ${row} is outside ${splits} splits of ${splitLength}`)
    }
    for (let head = 0; head < heads; head++) {
      for (let split = 0; split * splitLength < end; split++) {
        const first = split * splitLength
        const result = attend('attention_decode', problem, args, row, head, first, Math.min(end, first + splitLength))
        const at = ((row * heads + head) * splits + split) * (headDim + 2)
        partials.set(result.weighted, at)
        partials[at + headDim] = result.maximum
        partials[at + headDim + 1] = result.sum
      }
    }
  }
  return { partials }
}

/** The unnormalized attention of one head of one row to the positions begin <= p < end. */
export function attend(
  kernel: string,
  shape: AttentionShape,
  args: AttentionArguments,
  row: number,
  head: number,
  begin: number,
  end: number,
): { weighted: Float64Array; maximum: number; sum: number } {
  const { heads, kvHeads, headDim, blockSize, scale } = shape
  const kvHead = Math.floor(head / (heads / kvHeads))
  const slot = (position: number): number => {
    const block = blockOf(kernel, shape, args.blockTable, row, position)
    return ((block * kvHeads + kvHead) * blockSize + (position % blockSize)) * headDim
  }
  const scores = Float64Array.from({ length: end - begin }, (_, i) => {
    const at = slot(begin + i)
    let dot = 0
    for (let d = 0; d < headDim; d++)
      dot += args.queries[(row * heads + head) * headDim + d] * halfToFloat(args.keys[at + d])
    return dot * scale
  })
  const maximum = scores.reduce((largest, score) => Math.max(largest, score), -Infinity)
  const weighted = new Float64Array(headDim)
  let sum = 0
  for (const [i, score] of scores.entries()) {
    const weight = Math.exp(score - maximum)
    const at = slot(begin + i)
    sum += weight
    for (let d = 0; d < headDim; d++) weighted[d] += weight * halfToFloat(args.values[at + d])
  }
  return { weighted, maximum, sum }
}
