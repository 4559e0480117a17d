/**
 * E8M0 scales (`mxfp4`). `absmax` is the rule of OCP MX v1.0, section 6.3: exponent floor(log2(absmax)) - 2, 2 being the
 * exponent of E2M1's largest number. `mse` also tries the exponents above and below it.
 */
import { decodeE8M0, e8m0Bias } from '../codecs/e8m0.js'
import { exponentOf } from '../codecs/minifloat.js'
import type { ScaleChoice } from './scale-choice.js'

const values: Float64Array = Float64Array.from({ length: 256 }, (_, code) => decodeE8M0(code))

/** 2^125: what the floor rule gives the largest float32, and the largest scale whose product with 6 is a finite float32. */
const lastCode = 125 + e8m0Bias

/** Tiny groups end at 2^-127. */
function clamp(code: number): number {
  return Math.max(0, Math.min(lastCode, code))
}

/** absmax is a float32, so a normal float64. */
function floorCode(absmax: number): number {
  return exponentOf(absmax) - 2 + e8m0Bias
}

export const e8m0Scales: ScaleChoice = {
  values: () => values,
  absmaxCode: (absmax) => clamp(floorCode(absmax)),
  candidateCodes(absmax, _globalScale, codes) {
    const floor = floorCode(absmax)
    const last = clamp(floor + 1)
    let count = 0
    for (let code = clamp(floor - 1); code <= last; code++) codes[count++] = code
    return count
  },
}
