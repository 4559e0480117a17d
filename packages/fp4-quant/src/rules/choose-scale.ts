/** The scale of one group under either rule. */
import type { ScaleRule } from '../formats.js'
import { leastSquares } from './least-squares.js'
import { type ScaleChoice, maxCandidates } from './scale-choice.js'

/** Gives the scale code for values `floats[start..end-1]` with this largest magnitude, which is above 0. */
export type ChooseScale = (
  floats: Float32Array,
  start: number,
  end: number,
  absmax: number,
  globalScale: number,
) => number

export function chooseScaleBy(rule: ScaleRule, choice: ScaleChoice): ChooseScale {
  if (rule === 'absmax') return (_floats, _start, _end, absmax, globalScale) => choice.absmaxCode(absmax, globalScale)
  const codes = new Uint16Array(maxCandidates)
  const scales = new Float64Array(maxCandidates)
  const values = choice.values()
  return (floats, start, end, absmax, globalScale) => {
    const count = choice.candidateCodes(absmax, globalScale, codes)
    for (let i = 0; i < count; i++) scales[i] = values[codes[i]] * globalScale
    const absmaxIndex = codes.indexOf(choice.absmaxCode(absmax, globalScale))
    return codes[leastSquares(floats, start, end, scales, count, absmaxIndex)]
  }
}
