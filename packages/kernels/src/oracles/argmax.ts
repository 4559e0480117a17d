import type { argmax as definition } from '../manifest/argmax.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** The first index of each row's largest logit. */
export function argmax(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const tokens = new Uint32Array(problem.m)
  for (let row = 0; row < problem.m; row++) {
    tokens[row] = largest('argmax', args.logits.subarray(row * problem.n, (row + 1) * problem.n), row)
  }
  return { tokens }
}

/** The first index of the largest logit; refuses NaN, +infinity, and rows in which every logit is -infinity. */
export function largest(kernel: string, logits: Float32Array, row: number): number {
  let best = 0
  for (const [i, logit] of logits.entries()) {
    if (!(logit < Infinity)) refuse(kernel, `logit ${i} at row ${row} is ${Number.isNaN(logit) ? 'NaN' : '+infinity'}`)
    if (logit > logits[best]) best = i
  }
  if (logits[best] === -Infinity) refuse(kernel, `no logit at row ${row} is above -infinity`)
  return best
}
