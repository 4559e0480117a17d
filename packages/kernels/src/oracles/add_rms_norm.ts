import type { addRmsNorm as definition } from '../manifest/add_rms_norm.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { normalizeRows } from './rms_norm.js'

type Definition = typeof definition

/** The new residual stream `hidden + delta`, and `out`, its normalized rows. */
export function addRmsNorm(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const hidden = Float64Array.from({ length: problem.m * problem.k }, (_, i) => args.hidden[i] + args.delta[i])
  return { hidden, out: normalizeRows(problem, hidden, args.weight) }
}
