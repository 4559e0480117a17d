import type { advanceStep as definition } from '../manifest/advance_step.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'

type Definition = typeof definition
/** The sequence after its next token: see the manifest. `state` is done, produced, limit. */
export function advanceStep(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const [token] = args.token
  const [done, produced, limit] = args.state
  const position = args.position[0] + 1
  const ring = args.ring.slice()
  ring[produced % problem.ringSize] = token
  const ended = args.endTokens?.subarray(0, problem.endTokenCount).includes(token) ?? false
  const full = produced + 1 >= limit || position >= problem.maxPositions
  return {
    position: Uint32Array.of(position),
    state: Uint32Array.of(ended ? 1 : full ? 2 : done, produced + 1, limit),
    ring,
  }
}
