/** attention_decode and attention_combine, one after the other. */
import { attentionCombine, attentionDecode } from '../../src/manifest/index.js'
import type { ProblemOf } from '../../src/manifest/views.js'
import { type Target, call } from './call.js'
import { type SequenceShape, type Sequences, makeSequences } from './sequences.js'

export interface Decoded {
  readonly problem: Sequences['problem'] & {
    readonly splitLength: number
    readonly splits: number
    readonly scale: number
  }
  readonly inputs: Sequences['args'] & { readonly queries: Float32Array; readonly partials: Float32Array }
  readonly partials: Float32Array
  /** The call of attention_combine. */
  readonly combine: {
    readonly problem: ProblemOf<typeof attentionCombine>
    readonly args: { readonly partials: Float32Array; readonly positions: Uint32Array; readonly out: Float32Array }
  }
  readonly out: Float32Array
}

/** Both passes. */
export async function decode(shape: SequenceShape, splitLength: number, target: Target = 'best'): Promise<Decoded> {
  const { problem, args, queries } = makeSequences(shape)
  const splits = Math.floor(Math.max(...shape.positions) / splitLength) + 2
  const full = { ...problem, splitLength, splits, scale: 1 / Math.sqrt(problem.headDim) }
  const { m, heads, headDim } = problem
  const partials = new Float32Array(m * heads * splits * (headDim + 2)).fill(-77)
  const inputs = { ...args, queries, partials }
  await call(attentionDecode, { problem: full, args: inputs }, target)
  const out = new Float32Array(m * heads * headDim).fill(NaN)
  const combine = {
    problem: { m, heads, headDim, splitLength, splits },
    args: { partials, positions: args.positions, out },
  }
  await call(attentionCombine, combine, target)
  return { problem: full, inputs, partials, combine, out }
}
