/** What the oracles of the expert products share. */
import { dot, epilogue } from './matmul.js'
import { refuse } from './oracle-error.js'

interface Problem {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly experts: number
  readonly topK: number
}

/**
 * out[m, s, n]: each slot of each row by the matrix of the expert that it names. `columnOf` gives column n of a matrix, where expert
 * e has the matrices e, or 2e and 2e + 1 for gate and up.
 */
export function multiplyExperts(
  kernel: string,
  { m, n, k, experts, topK }: Problem,
  constants: { readonly epilogue?: 'none' | 'swiglu'; readonly input?: 'shared' | 'perSlot' },
  { activations, ids }: { readonly activations: Float32Array | Float64Array; readonly ids: Uint32Array },
  columnOf: (matrix: number, column: number) => Float64Array,
): { out: Float64Array } {
  const parts = constants.epilogue === 'swiglu' ? ([0, 1] as const) : ([0] as const)
  const out = new Float64Array(m * topK * n)
  for (let pair = 0; pair < m * topK; pair++) {
    const expert = ids[pair]
    if (expert >= experts) refuse(kernel, `expected ids below experts = ${experts}, got ${expert}`)
    const row = constants.input === 'perSlot' ? pair : Math.floor(pair / topK)
    for (let column = 0; column < n; column++) {
      const columns = parts.map((part) => columnOf(parts.length * expert + part, column))
      out[pair * n + column] = epilogue(
        constants.epilogue,
        (part) => dot(activations, row * k, columns[part]),
        undefined,
      )
    }
  }
  return { out }
}
