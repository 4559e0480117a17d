import type { gemvDense as definition } from '../manifest/gemv_dense.js'
import type { Oracle } from '../manifest/views.js'
import { denseRow, dot, epilogue } from './matmul.js'

/** out[m, n] = sum over k of activations[m, k] * W[n, k], with the epilogue. */
export const gemvDense: Oracle<typeof definition> = ({ m, n, k }, constants, args) => {
  const out = new Float64Array(m * n)
  for (let column = 0; column < n; column++) {
    const parts = constants.epilogue === 'swiglu' ? ([0, 1] as const) : ([0] as const)
    const columns = parts.map((part) => denseRow(constants.type, args.weights, part * n + column, k))
    for (let row = 0; row < m; row++) {
      const at = row * n + column
      out[at] = epilogue(
        constants.epilogue,
        (part) => dot(args.activations, row * k, columns[part]),
        args.residual?.[at],
      )
    }
  }
  return { out }
}
