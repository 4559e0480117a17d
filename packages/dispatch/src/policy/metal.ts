/** Policy for Apple GPUs: what follows from how the kernels are built. Nothing here was measured on a Mac. */
import type { DevicePolicy, RuleSource } from './types.js'

const unswept = (why: string): RuleSource => ({
  kind: 'default',
  why: `default, not swept: no Mac has measured it. ${why}`,
})

const eightRows = unswept('Up to eight rows share what is read of the weights, and none of them is padding')
const small = unswept('Beyond eight rows matrix tiles win; up to 64 rows the tile that wastes the fewest of them')
const large = unswept('Many rows: the tile that decodes a weight for the most of them')

export const metal: DevicePolicy = {
  name: 'metal',
  backend: 'metal',
  fp4: [
    { maxM: 8, kernel: 'gemv_fp4_partial', source: eightRows },
    { maxM: 8, kernel: 'gemv_fp4', source: eightRows },
    { maxM: 64, kernel: 'gemm_fp4', tile: 'rows8', source: small },
    { maxM: null, kernel: 'gemm_fp4', tile: 'panel', source: large },
  ],
  dense: [
    { maxM: 8, kernel: 'gemv_dense', source: eightRows },
    { maxM: null, kernel: 'gemm_dense', source: unswept('gemv_dense takes at most 8 rows') },
  ],
  split: {
    threadgroups: 256,
    columns: 64,
    leastK: 256,
    mostSplits: 32,
    source: unswept(
      'The largest of these GPUs have 80 cores: 256 threadgroups are three for each. A split of less than 256 values of K would spend more on its sums than it saves',
    ),
  },
}
