/** E4M3 scales under a global scale (`nvfp4`): absmax / (6 * global scale); `mse` tries every code from 0.5 to 1.1 of it. */
import { decodeE4M3, e4m3Max } from '../codecs/e4m3.js'
import { e2m1Max } from '../codecs/e2m1.js'
import { encodeScale, searchFactors } from './encode-scale.js'
import type { ScaleChoice } from './scale-choice.js'

const values: Float64Array = Float64Array.from({ length: 256 }, (_, code) => decodeE4M3(code))

function encode(scale: number): number {
  return encodeScale(scale, 3, -6, e4m3Max, 0x7e)
}

export const e4m3Scales: ScaleChoice = {
  values: () => values,
  absmaxCode: (absmax, globalScale) => encode(absmax / (e2m1Max * globalScale)),
  candidateCodes(absmax, globalScale, codes) {
    // The factors lie closer together than E4M3 numbers do, so between the first and the last they meet every code.
    const wanted = absmax / (e2m1Max * globalScale)
    const last = encode(searchFactors[searchFactors.length - 1] * wanted)
    let count = 0
    for (let code = encode(searchFactors[0] * wanted); code <= last; code++) codes[count++] = code
    return count
  },
}
