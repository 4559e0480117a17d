import type { moeGemvFp4 as definition } from '../manifest/moe_gemv_fp4.js'
import type { Oracle } from '../manifest/views.js'
import { dequantizeColumn } from './columns64.js'
import { multiplyExperts } from './experts.js'

/** out[m, s, n] = sum over k of x[k] * W[ids[m, s]][k, n], with the epilogue. */
export const moeGemvFp4: Oracle<typeof definition> = (problem, constants, args) => {
  const weights = { ...problem, ...args, format: constants.format }
  return multiplyExperts('moe_gemv_fp4', problem, constants, args, (matrix, column) =>
    dequantizeColumn(weights, matrix, column),
  )
}
