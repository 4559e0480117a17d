import type { Case } from '../cases.js'
import { bfloats, unwritten } from '../support/formats.js'
import { attend, rmsNorm, softmax } from '../support/oracles.js'
import { f32, structure, u32 } from '../support/structure.js'
import { control, source } from './source.js'

const norm: Case = {
  project: 'gpt-oss',
  kernel: 'gptoss_f32_bf16w_rmsnorm',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  shape: '3 × 2880',
  oracle: 'RMS norm',
  bound: 1e-12,
  source: source('rmsnorm.metal'),
  make: (random) => {
    const [rows, n, epsilon] = [3, 2880, 1e-5]
    const x = random.floats(rows * n)
    const weight = bfloats(random.floats(n))
    const out = unwritten(rows * n)
    const expected = rmsNorm(x, weight.values, rows, n, Math.fround(epsilon))
    return {
      steps: [
        {
          kernel: 'gptoss_f32_bf16w_rmsnorm',
          grid: rows,
          threadgroup: 1024,
          buffers: [structure(u32(n / 4), f32(n), f32(epsilon)), x, weight.bits, out, control()],
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
}

const topK = (experts: 32 | 128): Case => ({
  project: 'gpt-oss',
  kernel: `gptoss_f32_topk_softmax_e${experts}_k4`,
  uses: ['simd'],
  shape: `5 × ${experts}, 4 of them`,
  oracle: 'stable sort, softmax of the first 4',
  bound: 1e-12,
  source: source('topk.metal'),
  make: (random) => {
    const [rows, chosen] = [5, 4]
    // Few different values: ties go to the expert of the smaller number.
    const x = Float32Array.from({ length: rows * experts }, () => random.integer(-12, 12) / 4)
    const out = new Uint32Array(rows * chosen * 2).fill(0x7fc00000)
    const ids: number[] = []
    const scores: number[] = []
    for (let row = 0; row < rows; row++) {
      const line = x.subarray(row * experts, (row + 1) * experts)
      const order = [...line.keys()].sort((a, b) => line[b] - line[a] || a - b).slice(0, chosen)
      ids.push(...order)
      scores.push(
        ...softmax(
          Array.from(order, (id) => line[id]),
          1,
          chosen,
        ),
      )
    }
    const pairs = Array.from({ length: rows * chosen }, (_, index) => index)
    return {
      steps: [
        {
          kernel: `gptoss_f32_topk_softmax_e${experts}_k4`,
          grid: rows,
          threadgroup: 32,
          buffers: [structure(u32(0)), x, out, control()],
        },
      ],
      comparisons: [
        { actual: () => pairs.map((index) => out[2 * index]), expected: ids, exact: true },
        { actual: () => pairs.map((index) => new Float32Array(out.buffer)[2 * index + 1]), expected: scores },
      ],
    }
  },
})

const attention: Case = {
  project: 'gpt-oss',
  kernel: 'gptoss_f32_sdpa_q8_d64',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  shape: '2 queries after 21 tokens, 64 heads, 8 KV heads, window 16',
  oracle: 'attention with sinks',
  bound: 1e-10,
  source: source('sdpa.metal'),
  make: (random) => {
    const [queries, before, heads, groups, dimension, window, maxTokens] = [2, 21, 64, 8, 64, 16, 32]
    const width = dimension * (heads + 2 * groups)
    const q = random.floats(queries * width, 0.4)
    // [KV heads, tokens, key and value, dimension]: tokens that nobody may read are not numbers.
    const kv = random.floats(groups * maxTokens * 2 * dimension, 0.4)
    for (let group = 0; group < groups; group++)
      kv.fill(
        Number.NaN,
        (group * maxTokens + before + queries) * 2 * dimension,
        (group + 1) * maxTokens * 2 * dimension,
      )
    const sinks = bfloats(random.floats(heads))
    const out = unwritten(queries * heads * dimension)
    const expected: number[] = []
    for (let query = 0; query < queries; query++)
      for (let head = 0; head < heads; head++) {
        const end = query + before + 1
        const first = Math.max(0, end - window)
        const place = (token: number, part: number): Float32Array => {
          const at = ((Math.floor(head / 8) * maxTokens + first + token) * 2 + part) * dimension
          return kv.subarray(at, at + dimension)
        }
        const from = query * width + head * dimension
        const row = q.subarray(from, from + dimension)
        const key = (token: number): Float32Array => place(token, 0)
        const value = (token: number): Float32Array => place(token, 1)
        expected.push(...attend(row, end - first, dimension, key, value, 1, undefined, sinks.values[head]))
      }
    // As the launcher has it: a simdgroup a token, memory for half of them.
    const threads = Math.min(1024, Math.min(queries + before + 1, window) * 32)
    return {
      steps: [
        {
          kernel: 'gptoss_f32_sdpa_q8_d64',
          grid: [queries, groups],
          threadgroup: threads,
          buffers: {
            0: structure(u32(width), u32(before), u32(maxTokens * 2 * dimension), u32(window)),
            ...{ 1: q, 2: kv, 3: sinks.bits, 4: out, 6: control() },
          },
          threadgroupMemory: [Math.floor(threads / 2 / 32) * 32 * 8 * 4 * 4],
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
}

export const normCases: readonly Case[] = [norm, topK(32), topK(128), attention]
