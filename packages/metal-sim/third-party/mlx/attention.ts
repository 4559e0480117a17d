import type { Case } from '../cases.js'
import { halfValues, halves, unwritten } from '../support/formats.js'
import { attend } from '../support/oracles.js'
import { f32, i32, i64, structure, u64 } from '../support/structure.js'
import { made } from './source.js'

const dimension = 64

/** Causal attention of [heads, queries, 64] over [KV heads, keys, 64]: the last query sees all keys. */
const attention = (
  q: ArrayLike<number>,
  k: Float32Array | Float64Array,
  v: Float32Array | Float64Array,
  [heads, groups, queries, keys]: readonly [number, number, number, number],
  scale: number,
  sinks?: ArrayLike<number>,
): Float64Array => {
  const out = new Float64Array(heads * queries * dimension)
  for (let head = 0; head < heads; head++)
    for (let query = 0; query < queries; query++) {
      const at = (head * queries + query) * dimension
      const group = Math.floor((head * groups) / heads)
      const rowOf = (values: Float32Array | Float64Array) => (token: number) =>
        values.subarray((group * keys + token) * dimension, (group * keys + token + 1) * dimension)
      const bias = (token: number): number => (token <= keys - queries + query ? 0 : -Infinity)
      const row = Array.from({ length: dimension }, (_, index) => q[at + index])
      out.set(attend(row, keys, dimension, rowOf(k), rowOf(v), scale, bias, sinks?.[head]), at)
    }
  return out
}

const vector: Case = {
  project: 'mlx',
  kernel: 'sdpa_vector_float16_t_64_64',
  uses: ['simd', 'barriers', 'threadgroup memory'],
  shape: '2 queries, 77 keys, 4 heads, 2 KV heads, causal, sinks',
  oracle: 'attention',
  bound: 1e-6,
  source: made('sdpa_vector_float16_t_64_64', ['sdpa_vector.h'], 'sdpa_vector, float16_t, 64, 64'),
  make: (random) => {
    const [heads, groups, queries, keys, scale] = [4, 2, 2, 77, 0.125]
    const q = halves(random.floats(heads * queries * dimension))
    const k = halves(random.floats(groups * keys * dimension))
    const v = halves(random.floats(groups * keys * dimension))
    const sinks = halves(random.floats(heads))
    const out = new Uint16Array(heads * queries * dimension).fill(0x7e00)
    const [ofHead, ofToken] = [keys * dimension, dimension].map((value) => structure(u64(value)))
    return {
      steps: [
        {
          kernel: 'sdpa_vector_float16_t_64_64',
          grid: [heads, queries],
          threadgroup: 1024,
          buffers: {
            ...{ 0: q.bits, 1: k.bits, 2: v.bits, 3: out, 4: structure(i32(heads / groups)), 5: structure(i32(keys)) },
            ...{ 6: ofHead, 7: ofToken, 8: ofHead, 9: ofToken },
            10: structure(f32(scale)),
            16: sinks.bits,
            17: structure(i32(heads)),
          },
          constants: { 20: false, 21: false, 22: true, 23: false, 24: false, 25: true },
        },
      ],
      comparisons: [
        {
          actual: () => halfValues(out),
          expected: attention(q.values, k.values, v.values, [heads, groups, queries, keys], scale, sinks.values),
        },
      ],
    }
  },
}

const tiled: Case = {
  project: 'mlx',
  kernel: 'steel_attention_float32_bq32_bk32_bd64_wm4_wn1_maskfloat32',
  uses: ['matrices', 'simd', 'barriers', 'threadgroup memory'],
  shape: '40 queries, 72 keys, 2 heads, 1 KV head, causal',
  oracle: 'attention',
  bound: 1e-10,
  source: made(
    'steel_attention_float32_bq32_bk32_bd64_wm4_wn1_maskfloat32',
    ['steel/attn/kernels/steel_attention.h'],
    'attention, float, 32, 32, 64, 4, 1, float, float',
  ),
  make: (random) => {
    const [heads, groups, queries, keys, scale] = [2, 1, 40, 72, 0.125]
    const q = random.floats(heads * queries * dimension)
    const k = random.floats(groups * keys * dimension)
    const v = random.floats(groups * keys * dimension)
    const out = unwritten(q.length)
    const ofQueries = [heads * queries * dimension, queries * dimension, dimension].map(i64)
    const ofKeys = [groups * keys * dimension, keys * dimension, dimension].map(i64)
    return {
      steps: [
        {
          kernel: 'steel_attention_float32_bq32_bk32_bd64_wm4_wn1_maskfloat32',
          grid: [Math.ceil(queries / 32), heads],
          threadgroup: [32, 4],
          buffers: [
            ...[q, k, v, out],
            structure(
              ...[1, heads, dimension, queries, keys, heads / groups].map(i32),
              f32(scale),
              ...[Math.ceil(queries / 32), Math.ceil(keys / 32), Math.floor(queries / 32), Math.floor(keys / 32)].map(
                i32,
              ),
              ...[queries % 32, keys % 32, keys - queries].map(i32),
              ...[...ofQueries, ...ofKeys, ...ofKeys, ...ofQueries],
            ),
          ],
          constants: { 200: false, 201: false, 300: false, 301: true, 302: false },
        },
      ],
      comparisons: [{ actual: () => out, expected: attention(q, k, v, [heads, groups, queries, keys], scale) }],
    }
  },
}

export const attentionCases: readonly Case[] = [vector, tiled]
