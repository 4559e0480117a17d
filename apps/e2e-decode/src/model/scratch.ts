/** What the products of a model need besides their operands. */
import { scratchForExperts, scratchForMatmul } from '@metal-fp4/dispatch'
import { llamaNames } from '../architectures/names.js'
import { type PassParts, precisionOf } from './record-pass.js'
import { weightTable } from './weight-table.js'
import { mostDecodeRows } from './workspace.js'

/** Bytes of scratch for the largest product of a pass over up to `rows` rows: they run one after the other and share it. */
export function scratchBytesOf(parts: PassParts, rows: number): number {
  const { library, spec, weights } = parts
  // K may be split for few rows only; bytes of activations are the more the more rows there are.
  const counts = [...new Set([...Array.from({ length: mostDecodeRows }, (_, i) => i + 1), rows])]
  const topK = Math.max(1, ...spec.feedForward.map((feed) => (feed.kind === 'experts' ? feed.topK : 1)))
  let most = 0
  for (const declaration of weightTable(spec, llamaNames)) {
    if (declaration.kind === 'vector') continue
    const matrix = weights.matrix(declaration.name)
    const precision = precisionOf(parts, { weights: matrix })
    for (const m of counts.filter((count) => count <= rows)) {
      const spec = { m, weights: matrix, ...precision }
      const bytes =
        declaration.experts > 1
          ? scratchForExperts(library, { ...spec, topK, input: 'perSlot' })
          : scratchForMatmul(library, spec)
      most = Math.max(most, bytes)
    }
  }
  return most
}
