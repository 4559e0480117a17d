/** Policy for CPUs. */
import type { DevicePolicy, RuleSource } from './types.js'

const oneRow: RuleSource = {
  kind: 'constraint',
  why: 'one row: a GEMV reads every weight once and computes no row of padding',
}

const eightRows: RuleSource = {
  kind: 'constraint',
  why: 'eight rows of accumulators fill the vector registers, and every weight is read and decoded once for all of them',
}

export const cpu: DevicePolicy = {
  name: 'cpu',
  backend: 'cpu',
  fp4: [
    { maxM: 1, kernel: 'gemv_fp4', source: oneRow },
    { maxM: 8, kernel: 'gemv_fp4', source: eightRows },
    {
      maxM: 64,
      kernel: 'gemm_fp4',
      tile: 'rows8',
      source: {
        kind: 'default',
        why: 'default, not swept: with at most eight passes over a tile, decoding it again costs less than writing it out',
      },
    },
    {
      maxM: null,
      kernel: 'gemm_fp4',
      tile: 'panel',
      source: {
        kind: 'default',
        why: 'default, not swept: beyond eight passes a panel of decoded weights pays for being written once',
      },
    },
  ],
  dense: [
    { maxM: 1, kernel: 'gemv_dense', source: oneRow },
    { maxM: 8, kernel: 'gemv_dense', source: eightRows },
    {
      maxM: null,
      kernel: 'gemm_dense',
      source: { kind: 'constraint', why: 'gemv_dense takes at most 8 rows' },
    },
  ],
}
