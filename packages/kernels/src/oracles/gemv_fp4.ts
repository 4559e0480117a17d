import type { gemvFp4 as definition } from '../manifest/gemv_fp4.js'
import type { Oracle } from '../manifest/views.js'
import { dequantizeColumn } from './columns64.js'
import { activationRows } from './int8_rows.js'
import { dot, epilogue } from './matmul.js'

/** out[m, n] = sum over k of activations[m, k] * W[k, n], with the epilogue. */
export const gemvFp4: Oracle<typeof definition> = (problem, constants, args) => {
  const { m, n, k } = problem
  const weights = { ...problem, ...args, format: constants.format }
  const rows = activationRows(constants, args.activations, m, k)
  const out = new Float64Array(m * n)
  for (let column = 0; column < n; column++) {
    const parts = constants.epilogue === 'swiglu' ? ([0, 1] as const) : ([0] as const)
    const columns = parts.map((part) => dequantizeColumn(weights, part, column))
    for (let row = 0; row < m; row++) {
      const at = row * n + column
      out[at] = epilogue(constants.epilogue, (part) => dot(rows, row * k, columns[part]), args.residual?.[at])
    }
  }
  return { out }
}
