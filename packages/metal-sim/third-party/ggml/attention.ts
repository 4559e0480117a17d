import { barrier } from '../../src/index.js'
import type { Case, Finding } from '../cases.js'
import { halves, unwritten } from '../support/formats.js'
import { attend } from '../support/oracles.js'
import { f32, i32, structure, u64 } from '../support/structure.js'
import { functionConstants, source } from './source.js'

const dimension = 64
const [queriesOfThreadgroup, keysOfBlock, simdgroups] = [8, 64, 4]

const rowsBeyond: Finding = {
  kind: 'out-of-bounds',
  line: 6473,
  says: 'the pass over blocks reads rows of the mask behind its end',
}

/** Causal attention of `queries` after keys that they all see, and the pass before it that looks for blocks of the mask. */
const flash = (queries: number, variant = '', rest: Pick<Case, 'findings' | 'stops'> = {}): Case => ({
  project: 'ggml',
  kernel: 'kernel_flash_attn_ext_f16_dk64_dv64',
  variant: `and kernel_flash_attn_ext_blk${variant}`,
  ...rest,
  uses: ['matrices', 'simd', 'barriers', 'threadgroup memory'],
  shape: `${queries} queries, 192 keys, 4 heads, 2 KV heads, mask, sinks`,
  oracle: 'attention',
  // Queries and products are rounded to half.
  bound: 1e-5,
  source,
  make: (random) => {
    const [keys, heads, groups, scale] = [192, 4, 2, 0.125]
    const q = random.floats(queries * heads * dimension)
    const k = halves(random.floats(groups * keys * dimension))
    const v = halves(random.floats(groups * keys * dimension))
    const seen = keys - queries - 60
    const mask = halves(
      Float32Array.from({ length: queries * keys }, (_, index) =>
        index % keys <= seen + Math.floor(index / keys) ? 0 : -Infinity,
      ),
    )
    const sinks = random.floats(heads)
    const out = unwritten(queries * heads * dimension)
    const expected = new Float64Array(out.length)
    for (let query = 0; query < queries; query++)
      for (let head = 0; head < heads; head++) {
        const from = (head * queries + query) * dimension
        const rowOf = (values: Float64Array) => (token: number) => {
          const at = (Math.floor(head / 2) * keys + token) * dimension
          return values.subarray(at, at + dimension)
        }
        const bias = (token: number): number => mask.values[query * keys + token]
        const row = q.subarray(from, from + dimension)
        const result = attend(row, keys, dimension, rowOf(k.values), rowOf(v.values), scale, bias, sinks[head])
        expected.set(result, (query * heads + head) * dimension)
      }
    const blocks = [Math.ceil(keys / keysOfBlock), Math.ceil(queries / queriesOfThreadgroup)] as const
    const kinds = new Int8Array(blocks[0] * blocks[1]).fill(-1)
    const rowOfMask = keys * 2
    const masks = [u64(rowOfMask), u64(rowOfMask * queries), u64(rowOfMask * queries)]
    const ofQueries = [dimension * 4, dimension * 4 * queries, dimension * 4 * queries * heads].map((bytes) =>
      u64(bytes),
    )
    const ofKeys = [dimension * 2, dimension * 2 * keys, dimension * 2 * keys * groups].map((bytes) => u64(bytes))
    const [forBlocks, forAttention] = [functionConstants.flashAttentionBlocks, functionConstants.flashAttention]
    const memory = queriesOfThreadgroup * (dimension + 2 * dimension + 4 * keysOfBlock) * 2
    return {
      steps: [
        {
          kernel: 'kernel_flash_attn_ext_blk',
          grid: [...blocks, 1],
          threadgroup: 32,
          buffers: [structure(i32(queries), i32(keys), i32(queries), i32(1), i32(1), ...masks), ...[mask.bits, kinds]],
          constants: { [forBlocks + 24]: queriesOfThreadgroup, [forBlocks + 25]: keysOfBlock },
        },
        barrier,
        {
          kernel: 'kernel_flash_attn_ext_f16_dk64_dv64',
          grid: [blocks[1], heads],
          threadgroup: [32, simdgroups],
          buffers: [
            structure(
              ...[i32(queries), i32(heads), i32(1), ...ofQueries, i32(keys), i32(groups), i32(1)],
              ...[i32(dimension), ...ofKeys, i32(dimension), ...ofKeys, i32(queries), i32(1), i32(1), ...masks],
              ...[i32(heads), i32(queries), i32(1), f32(scale), f32(0), f32(1), f32(1), i32(heads), f32(0)],
            ),
            // The buffer for what is padded is not used.
            ...[q, k.bits, v.bits, mask.bits, sinks, new Uint8Array(16), kinds, out],
          ],
          threadgroupMemory: [memory],
          constants: {
            ...{ [forAttention]: true, [forAttention + 1]: true, [forAttention + 2]: false, [forAttention + 3]: false },
            ...{ [forAttention + 4]: false, [forAttention + 10]: queries % 8 !== 0 },
            ...{ [forAttention + 20]: dimension, [forAttention + 21]: dimension, [forAttention + 22]: simdgroups },
          },
        },
      ],
      comparisons: [{ actual: () => out, expected }],
    }
  },
})

export const attentionCases: readonly Case[] = [
  flash(24),
  flash(20, ', queries not a multiple of 8', { findings: [rowsBeyond], stops: true }),
]
