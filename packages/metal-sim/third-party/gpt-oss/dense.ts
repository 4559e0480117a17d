import type { Case, Finding } from '../cases.js'
import { bfloats, unwritten } from '../support/formats.js'
import { multiply } from '../support/oracles.js'
import { structure, u32 } from '../support/structure.js'
import { control, source } from './source.js'

const rowsBeyond: Finding = {
  kind: 'out-of-bounds',
  line: 297,
  says: 'the last tile reads rows of the input behind M',
}

/** Tiles of Bm x Bn outputs of four simdgroups, as kernel-args.h names them. */
const dense = (
  kernel: string,
  [m, n, k]: readonly [number, number, number],
  tile: readonly [number, number],
  add: boolean,
  rest: Pick<Case, 'variant' | 'findings' | 'stops'> = {},
): Case => ({
  project: 'gpt-oss',
  kernel,
  ...rest,
  uses: ['matrices', 'barriers', 'threadgroup memory'],
  shape: `M ${m}, N ${n}, K ${k}`,
  oracle: `matrix product and bias${add ? ', added to what is there' : ''}`,
  bound: 1e-10,
  source: source('matmul.metal'),
  make: (random) => {
    const x = random.floats(m * k)
    const weight = bfloats(random.floats(n * k, 0.1))
    const bias = bfloats(random.floats(n))
    const out = add ? random.floats(m * n) : unwritten(m * n)
    const before = Float64Array.from(out)
    const expected = multiply(x, weight.values, m, n, k).map(
      (sum, index) => sum + bias.values[index % n] + (add ? before[index] : 0),
    )
    return {
      steps: [
        {
          kernel,
          grid: [n / tile[1], Math.ceil(m / tile[0])],
          threadgroup: 128,
          buffers: [structure(u32(m), u32(n), u32(k)), x, weight.bits, bias.bits, out, control()],
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
})

const unembedding: Case = {
  project: 'gpt-oss',
  kernel: 'gptoss_f32_bf16w_unembedding',
  uses: ['simd', 'barriers', 'atomics', 'threadgroup memory'],
  shape: 'M 2, N 300, K 320',
  oracle: 'matrix product and argmax',
  bound: 1e-12,
  source: source('matmul.metal'),
  make: (random) => {
    const [m, n, k, threads, maxThreadgroups] = [2, 300, 320, 416, 6]
    const x = random.floats(m * k)
    const weight = bfloats(random.floats(n * k, 0.1))
    const out = unwritten(m * n)
    const largest = new BigUint64Array(m).fill(0xffffffffffffffffn)
    const expected = multiply(x, weight.values, m, n, k)
    const argmax = Array.from({ length: m }, (_, row) => {
      const line = expected.subarray(row * n, (row + 1) * n)
      return line.indexOf(Math.max(...line))
    })
    const rowsOfThreadgroup = Math.ceil(n / (maxThreadgroups * (threads / 32))) * (threads / 32)
    return {
      steps: [
        {
          kernel: 'gptoss_f32_bf16w_unembedding',
          grid: [Math.min(maxThreadgroups, Math.ceil(n / rowsOfThreadgroup)), m],
          threadgroup: threads,
          buffers: [structure(u32(k / 4), u32(rowsOfThreadgroup), u32(n)), x, weight.bits, out, largest, control()],
        },
      ],
      comparisons: [
        { actual: () => out, expected },
        { actual: () => Array.from(largest, (word) => Number(word & 0xffffffffn)), expected: argmax, exact: true },
      ],
    }
  },
}

export const denseCases: readonly Case[] = [
  dense('gptoss_f32_bf16w_dense_matmul_attn_output', [64, 128, 192], [32, 64], true),
  dense('gptoss_f32_bf16w_dense_matmul_attn_output', [72, 128, 192], [32, 64], true, {
    variant: 'M not a multiple of the tile',
    findings: [rowsBeyond],
    stops: true,
  }),
  dense('gptoss_f32_bf16w_dense_matmul_mlp_gate', [64, 32, 192], [64, 16], false),
  unembedding,
]
