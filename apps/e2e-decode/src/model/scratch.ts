/** What the products of a model need besides their operands. */
import { scratchForMatmul } from '@metal-fp4/dispatch'
import { llamaNames } from '../architectures/names.js'
import type { PassParts } from './record-pass.js'
import { weightTable } from './weight-table.js'

/** Bytes of scratch for the largest product of a pass over up to `rows` rows: they run one after the other and share it. */
export function scratchBytesOf({ library, spec, weights }: PassParts, rows: number): number {
  let most = 0
  for (const declaration of weightTable(spec, llamaNames)) {
    // Kernels for experts do not split K.
    if (declaration.kind === 'vector' || declaration.experts > 1) continue
    const matrix = weights.matrix(declaration.name)
    for (let m = 1; m <= rows; m++) most = Math.max(most, scratchForMatmul(library, { m, weights: matrix }))
  }
  return most
}
