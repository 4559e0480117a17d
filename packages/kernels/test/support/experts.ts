/** Mixtures of experts for the tests of both kernels. */
import { uniform } from './random.js'

export type Shape = readonly [string, m: number, n: number, k: number, experts: number, topK: number]

export const shapes: readonly Shape[] = [
  ['one row', 1, 64, 128, 8, 2],
  ['more rows for an expert than go together', 30, 40, 72, 4, 3],
  ['every row to every expert', 9, 65, 133, 3, 3],
  ['one expert', 3, 16, 40, 1, 1],
]

export type Epilogue = 'none' | 'swiglu'
export type Input = 'shared' | 'perSlot'

/** Distinct experts for each row. */
export function chooseExperts(m: number, experts: number, topK: number): Uint32Array {
  const random = uniform(m + experts)
  const ids: number[] = []
  for (let row = 0; row < m; row++) {
    const left = Array.from({ length: experts }, (_, i) => i)
    for (let slot = 0; slot < topK; slot++) ids.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return Uint32Array.from(ids)
}
