import type { attentionPrefill as definition } from '../manifest/attention_prefill.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { attend } from './attention_decode.js'

type Definition = typeof definition

/** softmax(scale * query · keys) values over positions 0..positions[m], A. Vaswani et al., "Attention is all you need" (2017). */
export function attentionPrefill(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, heads, headDim } = problem
  const out = new Float64Array(m * heads * headDim)
  for (let row = 0; row < m; row++) {
    for (let head = 0; head < heads; head++) {
      const { weighted, sum } = attend('attention_prefill', problem, args, row, head, 0, args.positions[row] + 1)
      out.set(
        weighted.map((value) => value / sum),
        (row * heads + head) * headDim,
      )
    }
  }
  return { out }
}
