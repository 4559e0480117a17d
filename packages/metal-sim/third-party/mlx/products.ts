import type { BufferArgument } from '../../src/index.js'
import type { Case, Finding } from '../cases.js'
import { e4m3, e8m0, halfValues, halves, packPairs, randomFp4, unwritten } from '../support/formats.js'
import { multiply } from '../support/oracles.js'
import { f32, i32, i64, structure } from '../support/structure.js'
import { made } from './source.js'

const headers = ['steel/gemm/gemm.h', 'quantized_utils.h', 'fp_quantized.h']

// Arguments of batches, which nobody reads: the kernel is made without them.
const noBatches = (): BufferArgument[] => Array.from({ length: 7 }, () => new Uint8Array(8))

const formats = {
  mxfp4: { group: 32, scales: [120, 126], scaleOf: e8m0 },
  nvfp4: { group: 16, scales: [8, 120], scaleOf: e4m3 },
} as const

const vector = (mode: 'mxfp4' | 'nvfp4', m: number, n: number, k: number): Case => {
  const { group, scales, scaleOf } = formats[mode]
  const kernel = `${mode}_qmv_fast_float_gs_${group}_b_4_batch_0`
  return {
    project: 'mlx',
    kernel,
    uses: ['fp4', 'simd'],
    shape: `M ${m}, N ${n}, K ${k}`,
    oracle: 'matrix product',
    bound: 1e-11,
    source: made(kernel, headers, `fp_qmv_fast, float, ${group}, 4, 0`),
    make: (random) => {
      const weights = randomFp4(random, n, k, group, scales, scaleOf)
      const x = random.floats(m * k)
      const out = unwritten(m * n)
      return {
        steps: [
          {
            kernel,
            grid: [m, n / 8],
            threadgroup: [32, 2],
            buffers: [
              ...[packPairs(weights.codes), weights.scales, new Float32Array(1), x, out],
              ...[structure(i32(k)), structure(i32(n)), ...noBatches()],
            ],
          },
        ],
        comparisons: [{ actual: () => out, expected: multiply(x, weights.values, m, n, k) }],
      }
    },
  }
}

const rowsBeyond: Finding = {
  kind: 'out-of-bounds',
  line: 238,
  says: 'the last tile reads weights and scales of rows behind N',
}

const tiled = (n: number, rest: Pick<Case, 'findings' | 'stops'>): Case => {
  const kernel = `mxfp4_qmm_t_float_gs_32_b_4_alN_${n % 32 === 0}_batch_0`
  const [m, k] = [40, 96]
  return {
    project: 'mlx',
    kernel,
    ...rest,
    uses: ['fp4', 'matrices', 'barriers', 'threadgroup memory'],
    shape: `M ${m}, N ${n}, K ${k}`,
    oracle: 'matrix product',
    bound: 1e-11,
    source: made(kernel, headers, `fp_qmm_t, float, 32, 4, ${n % 32 === 0}, 0`),
    make: (random) => {
      const weights = randomFp4(random, n, k, 32, [120, 126], e8m0)
      const x = random.floats(m * k)
      const out = unwritten(m * n)
      return {
        steps: [
          {
            kernel,
            grid: [Math.ceil(n / 32), Math.ceil(m / 32)],
            threadgroup: [32, 2, 2],
            buffers: [
              ...[packPairs(weights.codes), weights.scales, x, out],
              ...[structure(i32(k)), structure(i32(n)), structure(i32(m)), ...noBatches()],
            ],
          },
        ],
        comparisons: [{ actual: () => out, expected: multiply(x, weights.values, m, n, k) }],
      }
    },
  }
}

const absent: Finding = {
  kind: 'out-of-bounds',
  line: 168,
  says: 'factors are read from an argument that its function constant leaves out',
}

const rowsOfC: Finding = {
  kind: 'out-of-bounds',
  line: 665,
  says: 'the last tile reads rows of C behind M',
}

// alpha and beta of alpha * A B^T + beta * C; without them, C is left out.
type Scaled = readonly [number, number] | null

const steel = (
  type: 'float32' | 'float16',
  [m, n, k]: readonly [number, number, number],
  scaled: Scaled,
  rest: Pick<Case, 'variant' | 'findings' | 'stops'> = {},
): Case => {
  const kernel = `steel_gemm_fused_nt_${type}_${type}_bm64_bn64_bk16_wm2_wn2`
  const isFloat = type === 'float32'
  const element = isFloat ? 'float' : 'half'
  return {
    project: 'mlx',
    kernel,
    ...(scaled ? {} : { variant: 'without C' }),
    ...rest,
    uses: ['matrices', 'barriers', 'threadgroup memory'],
    shape: `M ${m}, N ${n}, K ${k}`,
    oracle: scaled ? 'α A Bᵀ + β C' : 'A Bᵀ',
    bound: isFloat ? 1e-11 : 1e-6,
    source: made(
      kernel,
      ['steel/gemm/gemm.h', 'steel/gemm/kernels/steel_gemm_fused.h'],
      `gemm, ${element}, 64, 64, 16, 2, 2, false, true, float`,
    ),
    make: (random) => {
      const encode = (numbers: Float32Array): { bits: ArrayBufferView; values: ArrayLike<number> } =>
        isFloat ? { bits: numbers, values: numbers } : halves(numbers)
      const a = encode(random.floats(m * k))
      const b = encode(random.floats(n * k))
      const c = encode(random.floats(m * n))
      const [alpha, beta] = scaled ?? [1, 0]
      const out = unwritten(m * n)
      const halfOut = new Uint16Array(m * n).fill(0x7e00)
      const tiles = [Math.ceil(n / 64), Math.ceil(m / 64)] as const
      return {
        steps: [
          {
            kernel,
            grid: tiles,
            threadgroup: [32, 2, 2],
            buffers: {
              ...{ 0: a.bits, 1: b.bits, 3: isFloat ? out : halfOut },
              4: structure(
                ...[m, n, k, k, k, n, ...tiles].map(i32),
                ...[m * k, n * k, m * n].map(i64),
                ...[0, Math.floor(k / 16), 1].map(i32),
              ),
              ...(scaled ? { 2: c.bits, 5: structure(i32(n), i32(1), i64(m * n), f32(alpha), f32(beta)) } : {}),
            },
            constants: {
              ...{ 10: false, 100: scaled !== null, 110: scaled !== null && (alpha !== 1 || beta !== 1) },
              ...{ 200: m % 64 === 0, 201: n % 64 === 0, 202: k % 16 === 0 },
            },
          },
        ],
        comparisons: [
          {
            actual: () => (isFloat ? out : halfValues(halfOut)),
            expected: multiply(a.values, b.values, m, n, k).map(
              (sum, index) => alpha * sum + (scaled ? beta * c.values[index] : 0),
            ),
          },
        ],
      }
    },
  }
}

export const productCases: readonly Case[] = [
  vector('mxfp4', 1, 24, 1024),
  vector('nvfp4', 1, 24, 1024),
  tiled(64, {}),
  tiled(56, { findings: [rowsBeyond], stops: true }),
  steel('float32', [64, 72, 40], [0.5, 2]),
  steel('float32', [70, 72, 40], [0.5, 2], {
    variant: 'M not a multiple of the tile',
    findings: [rowsOfC],
    stops: true,
  }),
  steel('float16', [64, 128, 48], [1, 1]),
  steel('float32', [70, 72, 40], null, { findings: [absent], stops: true }),
]
