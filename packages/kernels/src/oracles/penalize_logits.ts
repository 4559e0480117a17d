import type { penalizeLogits as definition } from '../manifest/penalize_logits.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** The logits less their penalties, in float64: see the manifest. */
export function penalizeLogits(
  { n }: ProblemOf<Definition>,
  _constants: object,
  { logits, seen, made, settings }: OracleInputs<Definition>,
): OracleResults<Definition> {
  const [repetition, presence, frequency] = new Float32Array(settings.slice(0, 3).buffer)
  if (!(repetition >= 2 ** -126 && repetition < Infinity)) {
    refuse('penalize_logits', 'repetition is not a normal number above 0')
  }
  if (!Number.isFinite(presence)) refuse('penalize_logits', 'presence is not a finite number')
  if (!Number.isFinite(frequency)) refuse('penalize_logits', 'frequency is not a finite number')
  const out = Float64Array.from({ length: n }, (_, token) => {
    const logit = logits[token]
    const repeated = seen[token] === 0 ? logit : logit < 0 ? logit * repetition : logit / repetition
    return made[token] === 0 ? repeated : repeated - frequency * made[token] - presence
  })
  return { out }
}
