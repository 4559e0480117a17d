import type { moeCombine as definition } from '../manifest/moe_combine.js'
import type { ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'

type Definition = typeof definition
/** The residual plus the weighted outputs of each row's experts. */
export function moeCombine(
  problem: ProblemOf<Definition>,
  constants: ConstantsOf<Definition>,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, k, topK } = problem
  const residual = constants.residual === 'on' ? args.residual : null
  const out = new Float64Array(m * k)
  for (let row = 0; row < m; row++) {
    for (let i = 0; i < k; i++) {
      let sum = residual ? residual[row * k + i] : 0
      for (let s = 0; s < topK; s++) sum += args.weights[row * topK + s] * args.expertOut[(row * topK + s) * k + i]
      out[row * k + i] = sum
    }
  }
  return { out }
}
