import type { countToken as definition } from '../manifest/count_token.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** History and counts after one more token: see the manifest. */
export function countToken(
  { n, maxPositions }: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const [token] = args.token
  const [position] = args.position
  const [, , , window, generatedFrom] = args.settings
  if (token >= n) refuse('count_token', `token ${token} is outside the vocabulary`)
  if (position >= maxPositions) refuse('count_token', `position ${position} is outside the history`)
  const history = args.history.slice()
  const seen = args.seen.slice()
  const made = args.made.slice()
  history[position] = token
  seen[token] += 1
  const left = window > 0 && position >= window ? history[position - window] : undefined
  if (left !== undefined && left < n) seen[left] -= 1
  if (position >= generatedFrom) made[token] += 1
  return { history, seen, made }
}
