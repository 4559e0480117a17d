import type { combinePartials as definition } from '../manifest/combine_partials.js'
import type { Oracle } from '../manifest/views.js'
import { epilogue } from './matmul.js'

/** out[m, n] = the sum over s of partials[s, part, m, n], with the epilogue. */
export const combinePartials: Oracle<typeof definition> = ({ m, n, splits }, constants, args) => {
  const parts = constants.epilogue === 'swiglu' ? 2 : 1
  const width = Math.ceil(n / 64) * 64
  const out = new Float64Array(m * n)
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      const sum = (part: number): number => {
        let total = 0
        for (let split = 0; split < splits; split++)
          total += args.partials[((split * parts + part) * m + row) * width + column]
        return total
      }
      const at = row * n + column
      out[at] = epilogue(constants.epilogue, sum, args.residual?.[at])
    }
  }
  return { out }
}
