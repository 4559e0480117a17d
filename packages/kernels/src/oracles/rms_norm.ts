import type { rmsNorm as definition } from '../manifest/rms_norm.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'

type Definition = typeof definition

/** Normalized rows. */
export function rmsNorm(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  return { out: normalizeRows(problem, args.input, args.weight) }
}

/**
 * weight * x / sqrt(mean(x^2) + epsilon) for each row x of `[M, K]`, B. Zhang and R. Sennrich, "Root mean square layer
 * normalization" (2019).
 */
export function normalizeRows(
  { m, k, epsilon }: ProblemOf<Definition>,
  input: ArrayLike<number>,
  weight: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(m * k)
  for (let row = 0; row < m; row++) {
    let squares = 0
    for (let i = 0; i < k; i++) squares += input[row * k + i] ** 2
    const inverse = 1 / Math.sqrt(squares / k + epsilon)
    for (let i = 0; i < k; i++) out[row * k + i] = weight[i] * input[row * k + i] * inverse
  }
  return out
}
