import type { Case } from '../cases.js'
import { type Encoded, type Fp4, bfloats, e8m0, packPairs, randomFp4, unwritten } from '../support/formats.js'
import { multiply } from '../support/oracles.js'
import type { Random } from '../support/random.js'
import { f32, structure, u32 } from '../support/structure.js'
import { control, source, swiglu } from './source.js'

// The files' scales are 14 higher than those of OCP: the kernels make halves of 2^(code's exponent - 15) from the codes.
const scaleOf = (byte: number): number => e8m0(byte - 14)
const limit = 7

interface Experts {
  /** Codes, scales and biases of each expert one after another, at `stride` bytes. */
  readonly bytes: Uint8Array
  readonly stride: number
  readonly scales: number
  readonly bias: number
  readonly weights: readonly Fp4[]
  readonly biases: readonly Encoded<Uint16Array>[]
}

const makeExperts = (random: Random, experts: number, rows: number, columns: number): Experts => {
  const weights = Array.from({ length: experts }, () => randomFp4(random, rows, columns, 32, [134, 138], scaleOf))
  const biases = Array.from({ length: experts }, () => bfloats(random.floats(rows)))
  const scales = (rows * columns) / 2
  const bias = scales + (rows * columns) / 32
  const stride = Math.ceil((bias + rows * 2) / 16) * 16
  const bytes = new Uint8Array(experts * stride)
  for (let expert = 0; expert < experts; expert++) {
    bytes.set(packPairs(weights[expert].codes), expert * stride)
    bytes.set(weights[expert].scales, expert * stride + scales)
    bytes.set(new Uint8Array(biases[expert].bits.buffer), expert * stride + bias)
  }
  return { bytes, stride, scales, bias, weights, biases }
}

/** One row by one expert: [rows]. */
const apply = (
  { weights, biases }: Experts,
  expert: number,
  x: ArrayLike<number>,
  rows: number,
  columns: number,
): Float64Array =>
  multiply(x, weights[expert].values, 1, rows, columns).map((sum, row) => sum + biases[expert].values[row])

const gated = (rows: Float64Array): Float64Array =>
  Float64Array.from({ length: rows.length / 2 }, (_, index) => swiglu(rows[2 * index], rows[2 * index + 1], limit))

const gathered = (gate: boolean): Case => ({
  project: 'gpt-oss',
  kernel: gate ? 'gptoss_f32_mf4w_moe_matmul_swiglu' : 'gptoss_f32_mf4w_moe_matmul',
  uses: gate ? ['fp4', 'simd', 'barriers', 'threadgroup memory'] : ['fp4', 'simd'],
  shape: `3 tokens, 2 of 4 experts, N ${gate ? '2 × 24' : '24'}, K 1120, MXFP4`,
  oracle: gate ? 'products, biases, SwiGLU' : 'products and biases',
  bound: 1e-11,
  source: source('moematmul.metal'),
  make: (random) => {
    const [tokens, experts, active, columns, n, threads] = [3, 4, 2, 1120, 24, 192]
    const rows = gate ? 2 * n : n
    const made = makeExperts(random, experts, rows, columns)
    // The second matrix has inputs of each expert of its own.
    const inputs = gate ? 1 : active
    const x = random.floats(inputs * tokens * columns, 0.05)
    const predictions = new Uint32Array(tokens * active * 2)
    const out = unwritten(active * tokens * n)
    const expected = new Float64Array(out.length)
    for (let token = 0; token < tokens; token++)
      for (let i = 0; i < active; i++) {
        const expert = random.integer(0, experts - 1)
        predictions[(token * active + i) * 2] = expert
        const from = ((gate ? 0 : i) * tokens + token) * columns
        const sums = apply(made, expert, x.subarray(from, from + columns), rows, columns)
        expected.set(gate ? gated(sums) : sums, (i * tokens + token) * n)
      }
    const { bytes, stride, scales, bias } = made
    return {
      steps: [
        {
          kernel: gate ? 'gptoss_f32_mf4w_moe_matmul_swiglu' : 'gptoss_f32_mf4w_moe_matmul',
          grid: [rows / (threads / 32), tokens, active],
          threadgroup: threads,
          buffers: [
            gate
              ? structure(u32(columns / 32), u32(n), u32(active), u32(stride), u32(n * tokens), f32(-limit), f32(limit))
              : structure(
                  u32(columns / 32),
                  u32(n),
                  u32(active),
                  u32((tokens * columns) / 32),
                  u32(stride),
                  u32(n * tokens),
                ),
            x,
            predictions,
            bytes,
            { buffer: bytes, offset: scales },
            { buffer: bytes, offset: bias },
            out,
            control(),
          ],
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
})

const tiled = (gate: boolean): Case => ({
  project: 'gpt-oss',
  kernel: gate ? 'gptoss_f32_mf4w_moe_dense_matmul_swiglu' : 'gptoss_f32_mf4w_moe_dense_matmul',
  uses: ['fp4', 'matrices', 'barriers', 'threadgroup memory'],
  shape: `45 rows of 3 experts (37, 0, 8), N ${gate ? '2 × 64' : '128'}, K 96, MXFP4`,
  oracle: gate ? 'products, biases, SwiGLU' : 'products and biases',
  bound: 1e-11,
  source: source('moematmul.metal'),
  make: (random) => {
    const [columns, rows] = [96, 128]
    const counts = [37, 0, 8]
    const starts = Uint32Array.of(0, 37, 37, 45)
    const made = makeExperts(random, counts.length, rows, columns)
    const total = 45
    const n = gate ? rows / 2 : rows
    const x = random.floats(total * columns, 0.1)
    const out = unwritten(total * n)
    const expected = new Float64Array(out.length)
    for (let row = 0; row < total; row++) {
      const expert = row < 37 ? 0 : 2
      const sums = apply(made, expert, x.subarray(row * columns, (row + 1) * columns), rows, columns)
      expected.set(gate ? gated(sums) : sums, row * n)
    }
    const { bytes, stride, scales, bias } = made
    const shared = [u32(columns), u32(rows), u32(stride), u32(stride), u32(stride)]
    return {
      steps: [
        {
          kernel: gate ? 'gptoss_f32_mf4w_moe_dense_matmul_swiglu' : 'gptoss_f32_mf4w_moe_dense_matmul',
          grid: [rows / 64, Math.ceil(total / 32), counts.length],
          threadgroup: 128,
          buffers: [
            gate ? structure(...shared, f32(-limit), f32(limit)) : structure(...shared),
            starts,
            x,
            bytes,
            { buffer: bytes, offset: scales },
            { buffer: bytes, offset: bias },
            out,
          ],
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
})

export const expertCases: readonly Case[] = [gathered(true), gathered(false), tiled(true), tiled(false)]
