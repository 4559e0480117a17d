import type { Case } from '../cases.js'
import { bfloats, unwritten } from '../support/formats.js'
import { rmsNorm, softmax } from '../support/oracles.js'
import { f32, i32, structure, u32 } from '../support/structure.js'
import { file, made } from './source.js'

// A simdgroup for each 128 elements, as the launchers of both row kernels have it.
const threadsOf = (n: number): number => Math.ceil(n / 4 / 32) * 32

const softMax: Case = {
  project: 'mlx',
  kernel: 'block_softmax_float32',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  shape: '3 rows of 1001',
  oracle: 'softmax',
  bound: 1e-11,
  source: file('softmax.metal'),
  make: (random) => {
    const [rows, n] = [3, 1001]
    const x = random.floats(rows * n, 3)
    const out = unwritten(rows * n)
    return {
      steps: [
        {
          kernel: 'block_softmax_float32',
          threads: rows * threadsOf(n),
          threadgroup: threadsOf(n),
          buffers: [x, out, structure(i32(n))],
        },
      ],
      comparisons: [{ actual: () => out, expected: softmax(x, rows, n) }],
    }
  },
}

const norm: Case = {
  project: 'mlx',
  kernel: 'rmsbfloat16',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  shape: '3 rows of 1002',
  oracle: 'RMS norm',
  // The result has 8 bits, and is rounded before its product with the weight.
  bound: 3e-5,
  source: file('rms_norm.metal'),
  make: (random) => {
    const [rows, n, epsilon] = [3, 1002, 1e-5]
    const x = bfloats(random.floats(rows * n))
    const weight = bfloats(random.floats(n))
    const out = new Uint16Array(rows * n).fill(0x7fc0)
    return {
      steps: [
        {
          kernel: 'rmsbfloat16',
          threads: rows * threadsOf(n),
          threadgroup: threadsOf(n),
          buffers: [x.bits, weight.bits, out, structure(f32(epsilon)), structure(u32(n)), structure(u32(1))],
          constants: { 20: true },
        },
      ],
      comparisons: [
        {
          actual: () => new Float32Array(Uint32Array.from(out, (bits) => bits << 16).buffer),
          expected: rmsNorm(x.values, weight.values, rows, n, epsilon),
        },
      ],
    }
  },
}

const sort: Case = {
  project: 'mlx',
  kernel: 'carg_block_sort_float32_uint32_bn128_tn4',
  uses: ['barriers', 'threadgroup memory'],
  shape: '3 rows of 500',
  oracle: 'sort',
  bound: 0,
  source: made('carg_block_sort_float32_uint32_bn128_tn4', ['sort.h'], 'block_sort, float, uint32_t, true, 128, 4'),
  make: (random) => {
    const [rows, n] = [3, 500]
    const x = new Float32Array(rows * n)
    const expected: number[] = []
    for (let row = 0; row < rows; row++) {
      const ranks = random.permutation(n)
      const order = new Array<number>(n)
      ranks.forEach((rank, index) => {
        x[row * n + index] = rank / 8 - 20
        order[rank] = index
      })
      expected.push(...order)
    }
    const out = new Uint32Array(rows * n).fill(0xffffffff)
    return {
      steps: [
        {
          kernel: 'carg_block_sort_float32_uint32_bn128_tn4',
          grid: [1, rows],
          threadgroup: 128,
          buffers: [x, out, ...[n, 1, 1, n, n].map((value) => structure(i32(value)))],
        },
      ],
      comparisons: [{ actual: () => out, expected, exact: true }],
    }
  },
}

export const rowCases: readonly Case[] = [softMax, norm, sort]
