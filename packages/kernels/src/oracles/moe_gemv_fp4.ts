import type { moeGemvFp4 as definition } from '../manifest/moe_gemv_fp4.js'
import type { Oracle } from '../manifest/views.js'
import { dequantizeColumn } from './columns64.js'
import { multiplyExperts } from './experts.js'
import { activationRows } from './int8_rows.js'

/** out[m, s, n] = sum over k of x[k] * W[ids[m, s]][k, n], with the epilogue. */
export const moeGemvFp4: Oracle<typeof definition> = (problem, constants, args) => {
  const weights = { ...problem, ...args, format: constants.format }
  const { m, k, topK } = problem
  const rows = constants.input === 'perSlot' ? m * topK : m
  const activations = activationRows(constants, args.activations, rows, k)
  return multiplyExperts('moe_gemv_fp4', problem, constants, { ...args, activations }, (matrix, column) =>
    dequantizeColumn(weights, matrix, column),
  )
}
