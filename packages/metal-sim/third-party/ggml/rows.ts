import { barrier } from '../../src/index.js'
import type { Case, Finding } from '../cases.js'
import { halves, unwritten } from '../support/formats.js'
import { rmsNorm, softmax } from '../support/oracles.js'
import { f32, i32, i64, structure, u64 } from '../support/structure.js'
import { source } from './source.js'

const reused: Finding = {
  kind: 'race',
  line: 2198,
  says: 'memory that others read is written after a barrier with mem_none, which orders no memory',
}

const softMax = (n: number, rest: Pick<Case, 'variant' | 'findings'>): Case => ({
  project: 'ggml',
  kernel: 'kernel_soft_max_f16_4',
  ...rest,
  // A row of one simdgroup needs no memory to be reduced.
  uses: n > 128 ? ['simd', 'barriers', 'threadgroup memory'] : ['simd'],
  shape: `3 rows of ${n}, 2 heads: scale, mask, ALiBi, sinks`,
  oracle: 'softmax',
  bound: 1e-10,
  source,
  make: (random) => {
    const [rows, heads, scale, maxBias] = [3, 2, 0.25, 8]
    const x = random.floats(n * rows * heads, 4)
    const mask = halves(random.floats(n * rows).map((value, index) => (index % 7 === 3 ? -Infinity : value)))
    const sinks = random.floats(heads)
    const out = unwritten(x.length)
    // ALiBi's slope of head h is m0^(h + 1), for heads up to a power of two.
    const m0 = 2 ** (-maxBias / 2)
    const logits = Float64Array.from(x, (value, index) => {
      const head = Math.floor(index / (n * rows))
      return value * scale + m0 ** (head + 1) * mask.values[index % (n * rows)]
    })
    const row = n * 4
    const rowOfMask = n * 2
    let threads = 32
    while (threads < n / 4 && threads * rows * heads < 256) threads *= 2
    return {
      steps: [
        {
          kernel: 'kernel_soft_max_f16_4',
          grid: [rows, heads],
          threadgroup: threads,
          buffers: [
            structure(
              ...[i32(n), i32(rows), i32(heads), u64(row), u64(row * rows), u64(row * rows * heads)],
              ...[i32(rows), i32(1), i32(1), u64(rowOfMask), u64(rowOfMask * rows), u64(rowOfMask * rows)],
              ...[u64(row), u64(row * rows), u64(row * rows * heads)],
              ...[f32(scale), f32(maxBias), f32(m0), f32(2 ** (-maxBias / 4)), i32(heads)],
            ),
            ...[x, mask.bits, sinks, out],
          ],
          threadgroupMemory: [128],
        },
      ],
      comparisons: [
        { actual: () => out, expected: softmax(logits, rows * heads, n, (index) => sinks[Math.floor(index / rows)]) },
      ],
    }
  },
})

// Pointers made of the remainders are not used by the kernel without fusion.
const remainders: readonly Finding[] = [3203, 3204].map((line) => ({
  kind: 'undefined',
  line,
  says: 'remainder of a division by zero, of sizes that are not set without fusion',
}))

const norm = (fused: boolean): Case => ({
  project: 'ggml',
  kernel: fused ? 'kernel_rms_norm_mul_add_f32_4' : 'kernel_rms_norm_f32_4',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  ...(fused ? {} : { findings: remainders }),
  shape: '3 rows of 1152',
  oracle: fused ? 'RMS norm, product and sum' : 'RMS norm',
  bound: 1e-12,
  source,
  make: (random) => {
    const [n, rows, epsilon] = [1152, 3, 1e-5]
    const x = random.floats(n * rows)
    const weight = fused ? random.floats(n) : new Float32Array(n).fill(1)
    const sum = random.floats(n * rows)
    const out = unwritten(n * rows)
    const expected = rmsNorm(x, weight, rows, n, Math.fround(epsilon))
    const row = n * 4
    const all = row * rows
    // Sizes and strides of the input, the factor (one row) and the summand: zero where nothing is fused.
    const only = (...values: number[]): number[] => (fused ? values : [values[0], 0, 0])
    const threads = Math.min(512, Math.ceil(n / 4 / 32) * 32)
    return {
      steps: [
        {
          kernel: fused ? 'kernel_rms_norm_mul_add_f32_4' : 'kernel_rms_norm_f32_4',
          grid: rows,
          threadgroup: threads,
          buffers: [
            structure(
              ...[i32(n), i32(n / 4), u64(row), u64(all), u64(all), f32(epsilon)],
              ...[only(rows, 1, rows), only(1, 1, 1), only(1, 1, 1)].flat().map(i32),
              ...[only(row, row, row), only(all, row, all), only(all, row, all)].flat().map(u64),
            ),
            x,
            fused ? weight : x,
            fused ? sum : x,
            out,
          ],
          threadgroupMemory: [128],
        },
      ],
      comparisons: [
        { actual: () => out, expected: fused ? expected.map((value, index) => value + sum[index]) : expected },
      ],
    }
  },
})

const argsort: Case = {
  project: 'ggml',
  kernel: 'kernel_argsort_f32_i32_desc',
  variant: 'and kernel_argsort_merge_f32_i32_desc',
  uses: ['barriers', 'threadgroup memory'],
  shape: '2 rows of 1500',
  oracle: 'sort',
  bound: 0,
  source,
  make: (random) => {
    const [n, rows, threads] = [1500, 2, 1024]
    const x = new Float32Array(n * rows)
    const expected: number[] = []
    for (let row = 0; row < rows; row++) {
      const ranks = random.permutation(n)
      ranks.forEach((rank, index) => (x[row * n + index] = 10 - rank / 100))
      const order = new Array<number>(n)
      ranks.forEach((rank, index) => (order[rank] = index))
      expected.push(...order)
    }
    const out = new Int32Array(n * rows).fill(-1)
    const between = new Int32Array(n * rows).fill(-1)
    const row = n * 4
    const input = [4, row, row * rows, row * rows].map(u64)
    return {
      steps: [
        {
          kernel: 'kernel_argsort_f32_i32_desc',
          grid: Math.ceil(n / threads) * rows,
          threadgroup: threads,
          buffers: [
            structure(...[n, rows, 1, 1].map(i32), ...input, ...[n, rows, 1, 1, threads].map(i32)),
            ...[x, between],
          ],
          threadgroupMemory: [threads * 4],
        },
        barrier,
        {
          kernel: 'kernel_argsort_merge_f32_i32_desc',
          grid: rows,
          threadgroup: 512,
          buffers: [
            structure(...[n, rows, 1, 1].map(i64), ...input, ...[n, rows, 1, 1, n, threads].map(i32)),
            ...[x, between, out],
          ],
        },
      ],
      comparisons: [{ actual: () => out, expected, exact: true }],
    }
  },
}

export const rowCases: readonly Case[] = [
  softMax(128, { variant: 'one simdgroup' }),
  softMax(260, { findings: [reused] }),
  norm(true),
  norm(false),
  argsort,
]
