import type { attentionCombine as definition } from '../manifest/attention_combine.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** The attention of each head from the partial results of its splits, `[M, heads, splits, headDim + 2]`. */
export function attentionCombine(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, heads, headDim, splitLength, splits } = problem
  const stride = headDim + 2
  const out = new Float64Array(m * heads * headDim)
  for (let row = 0; row < m; row++) {
    const used = Math.floor(args.positions[row] / splitLength) + 1
    if (used > splits) {
      refuse(
        'attention_combine',
        `position ${args.positions[row]} at row ${row} is outside ${splits} splits of ${splitLength}`,
      )
    }
    for (let head = 0; head < heads; head++) {
      const base = (row * heads + head) * splits * stride
      let maximum = -Infinity
      for (let split = 0; split < used; split++)
        maximum = Math.max(maximum, args.partials[base + split * stride + headDim])
      let sum = 0
      const at = (row * heads + head) * headDim
      for (let split = 0; split < used; split++) {
        const from = base + split * stride
        const factor = Math.exp(args.partials[from + headDim] - maximum)
        sum += factor * args.partials[from + headDim + 1]
        for (let d = 0; d < headDim; d++) out[at + d] += factor * args.partials[from + d]
      }
      for (let d = 0; d < headDim; d++) out[at + d] /= sum
    }
  }
  return { out }
}
