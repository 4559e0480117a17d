import type { gemvFp4Partial as definition } from '../manifest/gemv_fp4_partial.js'
import type { Oracle } from '../manifest/views.js'
import { dequantizeColumn } from './columns64.js'
import { dotRange } from './matmul.js'

/** partials[s, p, m, n] = the sum over the groups of split s of activations[m, k] * W[p][k, n]; columns beyond N are 0. */
export const gemvFp4Partial: Oracle<typeof definition> = (problem, constants, args) => {
  const { m, n, k, groupSize, splits } = problem
  const weights = { ...problem, ...args, format: constants.format }
  const parts = constants.parts === 'two' ? 2 : 1
  const width = Math.ceil(n / 64) * 64
  const length = Math.ceil(Math.ceil(k / groupSize) / splits) * groupSize
  const partials = new Float64Array(splits * parts * m * width)
  for (let part = 0; part < parts; part++) {
    for (let column = 0; column < n; column++) {
      const values = dequantizeColumn(weights, part, column)
      for (let split = 0; split < splits; split++) {
        for (let row = 0; row < m; row++) {
          const at = ((split * parts + part) * m + row) * width + column
          partials[at] = dotRange(args.activations, row * k, values, split * length, (split + 1) * length)
        }
      }
    }
  }
  return { partials }
}
