import type { moeRouterTopk as definition } from '../manifest/moe_router_topk.js'
import type { ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { largest } from './argmax.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/**
 * The experts of each row and their weights. Without a bias experts are ordered by their logits (scores grow with them, but
 * round to the same number where sigmoid saturates).
 */
export function moeRouterTopk(
  problem: ProblemOf<Definition>,
  constants: ConstantsOf<Definition>,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, n, topK, scalingFactor } = problem
  const bias = constants.bias === 'on' ? args.bias : null
  const ids = new Uint32Array(m * topK)
  const weights = new Float64Array(m * topK)
  for (const [e, value] of (bias ?? []).entries()) {
    if (!Number.isFinite(value)) refuse('moe_router_topk', `the bias of expert ${e} is not a finite number`)
  }
  for (let row = 0; row < m; row++) {
    const logits = args.logits.subarray(row * n, (row + 1) * n)
    const maximum = logits[largest('moe_router_topk', logits, row)]
    const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - maximum))
    const total = exponentials.reduce((sum, x) => sum + x, 0)
    const scores =
      constants.scoring === 'sigmoid' ? Float64Array.from(logits, sigmoid) : exponentials.map((x) => x / total)
    const order = Array.from(bias ? scores.map((score, e) => score + bias[e]) : logits, (value, e) => ({ value, e }))
    order.sort((a, b) => b.value - a.value || a.e - b.e)
    const chosen = order.slice(0, topK).map(({ e }) => e)
    const sum = chosen.reduce((partial, e) => partial + scores[e], 0)
    const divisor = constants.normalize === 'on' && sum > 0 ? sum : 1
    for (const [slot, e] of chosen.entries()) {
      ids[row * topK + slot] = e
      weights[row * topK + slot] = (scores[e] / divisor) * scalingFactor
    }
  }
  return { ids, weights }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
