import { decodeE2M1, decodeE4M3, decodeE8M0, halfToFloat } from '@metal-fp4/fp4-quant'
import type { embeddingRowsFp4 as definition } from '../manifest/embedding_rows_fp4.js'
import type { ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { refuse } from './oracle-error.js'

type Definition = typeof definition

/** Columns `tokens` of W `[K, N]`, FP4 in tiles of 64 columns. */
export function embeddingRowsFp4(
  problem: ProblemOf<Definition>,
  constants: ConstantsOf<Definition>,
  args: OracleInputs<Definition>,
): OracleResults<Definition> {
  const { m, n, k, groupSize } = problem
  const decodeScale = { fp4: halfToFloat, mxfp4: decodeE8M0, nvfp4: decodeE4M3 }[constants.format ?? 'fp4']
  const words = Math.ceil(k / 8)
  const groups = Math.ceil(k / groupSize)
  const out = new Float64Array(m * k)
  for (let row = 0; row < m; row++) {
    const token = args.tokens[row]
    if (token >= n) refuse('embedding_rows_fp4', `token ${token} at row ${row} is outside the vocabulary of ${n}`)
    const tile = Math.floor(token / 64)
    const column = token % 64
    for (let i = 0; i < k; i++) {
      const word = args.codes[(tile * words + Math.floor(i / 8)) * 64 + column]
      const scale = decodeScale(args.scales[(tile * groups + Math.floor(i / groupSize)) * 64 + column])
      out[row * k + i] = decodeE2M1((word >>> (4 * (i % 8))) & 15) * scale * (args.columnScales?.[token] ?? 1)
    }
  }
  return { out }
}
