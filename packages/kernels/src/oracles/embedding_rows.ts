import { bfloat16ToFloat, halfToFloat } from '@metal-fp4/fp4-quant'
import type { embeddingRows as definition } from '../manifest/embedding_rows.js'
import type { ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** Rows `tokens` of a dense table `[N, K]`: float32, or the bits of half or bfloat16. */
export function embeddingRows(
  problem: ProblemOf<Definition>,
  constants: ConstantsOf<Definition>,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, n, k } = problem
  const decode = { f32: (x: number) => x, f16: halfToFloat, bf16: bfloat16ToFloat }[constants.type ?? 'f32']
  const out = new Float64Array(m * k)
  for (let row = 0; row < m; row++) {
    const token = args.tokens[row]
    if (token >= n) refuse('embedding_rows', `token ${token} at row ${row} is outside the vocabulary of ${n}`)
    for (let i = 0; i < k; i++) out[row * k + i] = decode(args.table[token * k + i])
  }
  return { out }
}
