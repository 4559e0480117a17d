/** Half scales (`fp4`): absmax / 6, saturating at 65504; `mse` tries 61 factors from 0.5 to 1.1 of it. */
import { e2m1Max } from '../codecs/e2m1.js'
import { halfMax, halfTable } from '../codecs/half.js'
import { encodeScale, searchFactors } from './encode-scale.js'
import type { ScaleChoice } from './scale-choice.js'

function encode(scale: number): number {
  return encodeScale(scale, 10, -14, halfMax, 0x7bff)
}

export const halfScales: ScaleChoice = {
  values: halfTable,
  absmaxCode: (absmax) => encode(absmax / e2m1Max),
  candidateCodes(absmax, _globalScale, codes) {
    const wanted = absmax / e2m1Max
    let count = 0
    for (let i = 0; i < searchFactors.length; i++) {
      const code = encode(searchFactors[i] * wanted)
      if (count === 0 || code !== codes[count - 1]) codes[count++] = code
    }
    return count
  },
}
