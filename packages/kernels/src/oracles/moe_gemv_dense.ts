import type { moeGemvDense as definition } from '../manifest/moe_gemv_dense.js'
import type { Oracle } from '../manifest/views.js'
import { multiplyExperts } from './experts.js'
import { denseRow } from './matmul.js'

/** out[m, s, n] = sum over k of x[k] * W[ids[m, s]][n, k], with the epilogue. */
export const moeGemvDense: Oracle<typeof definition> = (problem, constants, args) => {
  const { n, k } = problem
  return multiplyExperts('moe_gemv_dense', problem, constants, args, (matrix, column) =>
    denseRow(constants.type, args.weights, matrix * n + column, k),
  )
}
