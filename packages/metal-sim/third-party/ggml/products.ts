import type { Case, Feature, Finding } from '../cases.js'
import type { Dispatch } from '../../src/index.js'
import { e8m0, halves, randomFp4, unwritten } from '../support/formats.js'
import { multiply } from '../support/oracles.js'
import type { Random } from '../support/random.js'
import { i16, i32, structure, u64 } from '../support/structure.js'
import { functionConstants, source } from './source.js'

interface Weights {
  readonly bytes: Uint8Array
  readonly values: Float64Array
  /** Bytes of one block, which is what ggml counts in, and elements of it. */
  readonly block: number
  readonly elements: number
}

/** `block_mxfp4`: a scale, then 16 bytes with the first half of 32 codes in the low bits and the second in the high ones. */
const mxfp4 = (random: Random, rows: number, columns: number): Weights => {
  const { codes, scales, values } = randomFp4(random, rows, columns, 32, [120, 124], e8m0)
  const bytes = new Uint8Array(scales.length * 17)
  for (let block = 0; block < scales.length; block++) {
    bytes[block * 17] = scales[block]
    for (let i = 0; i < 16; i++) bytes[block * 17 + 1 + i] = codes[block * 32 + i] | (codes[block * 32 + 16 + i] << 4)
  }
  return { bytes, values, block: 17, elements: 32 }
}

const f16 = (random: Random, rows: number, columns: number): Weights => {
  const { bits, values } = halves(random.floats(rows * columns, 0.1))
  return { bytes: new Uint8Array(bits.buffer), values, block: 2, elements: 1 }
}

interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
}

/** The launch of a kernel for `n` rows of weights of `k` and `m` rows of activations. */
type Launch = (
  shape: Shape,
  weights: Weights,
) => Pick<Dispatch, 'grid' | 'threadgroup' | 'threadgroupMemory' | 'constants'> & {
  readonly args: { bytes: Uint8Array }
}

const product = (
  kernel: string,
  uses: readonly Feature[],
  shape: Shape,
  bound: number,
  makeWeights: typeof mxfp4,
  launch: Launch,
  rest: Pick<Case, 'variant' | 'findings' | 'stops'> = {},
): Case => ({
  project: 'ggml',
  kernel,
  ...rest,
  uses,
  shape: `M ${shape.m}, N ${shape.n}, K ${shape.k}`,
  oracle: 'matrix product',
  bound,
  source,
  make: (random) => {
    const { m, n, k } = shape
    const weights = makeWeights(random, n, k)
    const x = random.floats(m * k)
    const out = unwritten(m * n)
    const { args, ...rest } = launch(shape, weights)
    return {
      steps: [{ kernel, ...rest, buffers: [args, weights.bytes, x, out] }],
      comparisons: [{ actual: () => out, expected: multiply(x, weights.values, m, n, k) }],
    }
  },
})

// Strides in bytes of a contiguous tensor of rows of `k`.
const strides = (k: number, rows: number, { block, elements }: Pick<Weights, 'block' | 'elements'>): number[] => {
  const row = (k / elements) * block
  return [block, row, row * rows, row * rows]
}
const float = { block: 4, elements: 1 }

const mulMm: Launch = ({ m, n, k }, weights) => {
  const [, row, ...rest] = strides(k, n, weights)
  const inputs = strides(k, m, float)
  const partial = n % 64 !== 0 || m % 32 !== 0
  const base = functionConstants.mulMm
  return {
    args: structure(
      ...[i32(k), i32(1), u64(row), ...rest.map(u64), i32(1), ...inputs.map(u64)],
      ...[i32(n), i32(m), i16(1), i16(1)],
    ),
    grid: [Math.ceil(m / 32), Math.ceil(n / 64)],
    threadgroup: [32, 4],
    threadgroupMemory: [partial ? 8192 : 6144],
    constants: {
      ...{ [base]: k % 32 !== 0, [base + 1]: partial },
      ...{ [base + 2]: 1, [base + 3]: 1, [base + 4]: 1, [base + 5]: 1 },
    },
  }
}

const batches = { [functionConstants.mulMv + 2]: 1, [functionConstants.mulMv + 3]: 1, [functionConstants.mulMv + 4]: 1 }

const mulMv: Launch = ({ m, n, k }, weights) => {
  const [simdgroups, rows] = [2, 2]
  return {
    args: structure(
      ...[i32(k), i32(n), i32(1), ...strides(k, n, weights).map(u64)],
      ...[i32(k), i32(m), i32(1), ...strides(k, m, float).map(u64)],
      ...[i32(n), i32(m), i32(rows), i16(1), i16(1)],
    ),
    grid: [Math.ceil(n / (rows * simdgroups)), m],
    threadgroup: [32, simdgroups],
    threadgroupMemory: [32 * 4],
    constants: { [functionConstants.mulMv]: simdgroups, ...batches },
  }
}

const mulMvExt: Launch = ({ m, n, k }, weights) => {
  const [simdgroups, threadsOfRow, rows] = [2, 8, 4]
  return {
    args: structure(
      ...[i32(k), i32(n), i32(1), ...strides(k, n, weights).map(u64)],
      ...[i32(k), i32(m), i32(1), ...strides(k, m, float).map(u64)],
      ...[i32(n), i32(m), i16(1), i16(1)],
    ),
    grid: [Math.ceil(n / ((32 / threadsOfRow) * simdgroups)), Math.ceil(m / rows)],
    threadgroup: [32, simdgroups],
    constants: { [functionConstants.mulMv]: simdgroups, [functionConstants.mulMv + 1]: threadsOfRow, ...batches },
  }
}

const tiles: readonly Feature[] = ['matrices', 'barriers', 'threadgroup memory']

// The tiles hold activations as half: 11 bits.
const halfBound = 1e-6

const misaligned: Finding = {
  kind: 'misaligned',
  line: 10650,
  says: 'rows of the result are written as float4 where N is not a multiple of 4',
}
const sameTable: Finding = {
  kind: 'race',
  line: 9886,
  says: 'both simdgroups write the same table to the same threadgroup memory',
}

export const productCases: readonly Case[] = [
  product('kernel_mul_mm_mxfp4_f32', ['fp4', ...tiles], { m: 37, n: 72, k: 96 }, halfBound, mxfp4, mulMm),
  product('kernel_mul_mm_mxfp4_f32', ['fp4', ...tiles], { m: 37, n: 70, k: 96 }, halfBound, mxfp4, mulMm, {
    variant: 'N not a multiple of 4',
    findings: [misaligned],
    stops: true,
  }),
  product('kernel_mul_mm_f16_f32', tiles, { m: 32, n: 64, k: 72 }, halfBound, f16, mulMm),
  product(
    'kernel_mul_mv_mxfp4_f32',
    ['fp4', 'simd', 'barriers', 'threadgroup memory'],
    { m: 1, n: 24, k: 1056 },
    1e-11,
    mxfp4,
    mulMv,
    {
      findings: [sameTable],
    },
  ),
  product('kernel_mul_mv_ext_mxfp4_f32_r1_4', ['fp4', 'simd'], { m: 4, n: 20, k: 256 }, 1e-11, mxfp4, mulMvExt),
]
