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

/** Two rules of one code: callers are promised a rule of its own for M = 9..64 and one for larger M, in either precision, with float32's border. */
const oneTile: RuleSource = {
  kind: 'constraint',
  why: 'gemv_fp4 takes at most 8 rows; products of bytes have one way to be computed for more, whichever tile is named',
}

/**
 * In float32. Pairs of tiles measured one after the other; those counted whose relative spread was at most 10 %, since the machine had other
 * work. With two threads few pairs are that quiet (1.11 at 16 rows, 1.07 at 24, 0.985 at 96, 0.97 at 128, 1.05 at 512): they
 * agree with one thread up to 128 rows and settle nothing beyond.
 */
const gemmSweep: RuleSource = {
  kind: 'swept',
  device: 'AMD EPYC (Zen 5), 2 cores',
  date: '2026-11-21',
  sweep:
    'pnpm -s bench gemm --shape 2048x2048,4096x4096 --m 16,24,32,48,64,96,128,256,512 --format fp4 --precision float32 --threads 1,2: at 4096x4096 and one thread, panel takes 1.06 times as long as rows8 at 16 rows, 1.04 at 32, 1.01 at 48, 1.00 at 64, 0.99 at 96, 0.95 at 256 and 0.97 at 512',
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
      precision: 'float32',
      source: gemmSweep,
    },
    { maxM: 64, kernel: 'gemm_fp4', tile: 'rows8', precision: 'int8', source: oneTile },
    {
      maxM: null,
      kernel: 'gemm_fp4',
      tile: 'panel',
      precision: 'float32',
      source: gemmSweep,
    },
    { maxM: null, kernel: 'gemm_fp4', tile: 'panel', precision: 'int8', source: oneTile },
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
