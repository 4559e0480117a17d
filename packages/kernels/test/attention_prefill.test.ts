import { expect, test } from 'vitest'
import { attentionCombine, attentionDecode, attentionPrefill } from '../src/manifest/index.js'
import { attentionPrefill as oracle } from '../src/oracles/attention_prefill.js'
import { type Target, affordable, call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { type SequenceShape, makeSequences } from './support/sequences.js'

async function prefill(shape: SequenceShape, splitLength: number, target: Target = 'best') {
  const { problem, args, queries } = makeSequences(shape)
  const full = { ...problem, splitLength, scale: 1 / Math.sqrt(problem.headDim) }
  const out = new Float32Array(queries.length).fill(NaN)
  const inputs = { ...args, queries, out }
  await call(attentionPrefill, { problem: full, args: inputs }, target)
  return { problem: full, inputs, out }
}

/** The same rows by the two passes of decode. */
async function decode(
  problem: Awaited<ReturnType<typeof prefill>>['problem'],
  inputs: object & { positions: Uint32Array },
  target: Target,
) {
  const { m, heads, headDim, splitLength } = problem
  const splits = Math.floor(Math.max(...inputs.positions) / splitLength) + 1
  const partials = new Float32Array(m * heads * splits * (headDim + 2)).fill(NaN)
  const { keys, values, positions, blockTable, queries } = inputs as Record<string, Uint16Array> & {
    positions: Uint32Array
  }
  await call(
    attentionDecode,
    {
      problem: { ...problem, splits },
      args: { keys, values, positions, blockTable, queries, partials },
    },
    target,
  )
  const out = new Float32Array(m * heads * headDim).fill(NaN)
  await call(
    attentionCombine,
    {
      problem: { m, heads, headDim, splitLength, splits },
      args: { partials, positions, out },
    },
    target,
  )
  return out
}

const upTo = (length: number): number[] => Array.from({ length }, (_, i) => i)

const shapes: readonly (readonly [string, SequenceShape, number])[] = [
  ['one row at position 0', { heads: 2, kvHeads: 1, headDim: 64, blockSize: 16, positions: [0] }, 32],
  ['a prompt of 100 in splits of 32', { heads: 8, kvHeads: 2, headDim: 64, blockSize: 16, positions: upTo(100) }, 32],
  ['5:1, headDim 80, ragged splits', { heads: 5, kvHeads: 1, headDim: 80, blockSize: 8, positions: upTo(40) }, 13],
  ['headDim 128, heads = kvHeads', { heads: 2, kvHeads: 2, headDim: 128, blockSize: 32, positions: [63, 64, 65] }, 64],
  [
    'rows of several sequences',
    { heads: 4, kvHeads: 2, headDim: 32, blockSize: 4, ownTables: true, positions: [9, 0, 70, 31] },
    16,
  ],
  ['4:1, 9 rows', { heads: 4, kvHeads: 1, headDim: 64, blockSize: 16, positions: upTo(75).slice(66) }, 32],
  [
    '12:1, splits of more than a tile',
    { heads: 12, kvHeads: 1, headDim: 32, blockSize: 16, positions: [98, 99, 100] },
    70,
  ],
  ['headDim 160', { heads: 4, kvHeads: 2, headDim: 160, blockSize: 16, positions: [33, 34, 35] }, 32],
  ['headDim 512, 5:1', { heads: 5, kvHeads: 1, headDim: 512, blockSize: 16, positions: [19, 20] }, 16],
  ['one split for all', { heads: 4, kvHeads: 2, headDim: 32, blockSize: 4, positions: upTo(20) }, 1 << 30],
]

/** Multiply-adds, about, of the calls of a test. */
const costOf = ([, { heads, headDim, positions }]: (typeof shapes)[number]): number =>
  12 * heads * headDim * positions.reduce((sum, position) => sum + position + 1, 0)

describeTargets(attentionPrefill, (target) => {
  test.each(affordable(target, shapes, costOf))(
    '%s: near the oracle, and the bits of decode',
    async (_, shape, splitLength) => {
      for (const rms of [0.001, 1, 3000]) {
        const { problem, inputs, out } = await prefill({ ...shape, rms }, splitLength, target)
        expect(worstError(out, oracle(problem, {}, inputs).out)).toBeLessThan(rms > 1 ? 1e-3 : 1e-6)
        expectSameBits(await decode(problem, inputs, target), out)
      }
    },
  )

  test('positions and blocks outside their ranges fail', async () => {
    const shape = { heads: 2, kvHeads: 1, headDim: 32, blockSize: 8, positions: [20, 21] }
    const { problem, inputs } = await prefill(shape, 16, target)
    const positions = Uint32Array.of(20, 32)
    await expect(call(attentionPrefill, { problem, args: { ...inputs, positions } }, target)).rejects.toThrow(
      '[attention_prefill] position 32 at row 1 is outside the block table',
    )
    positions[1] = 30
    await expect(call(attentionPrefill, { problem, args: { ...inputs, positions } }, target)).rejects.toThrow(
      /^\[attention_prefill\] block .*at entry 3 of row 1 is outside the pool/,
    )
  })
})

test('any instruction set gives the same bits', async () => {
  const shape = { heads: 6, kvHeads: 2, headDim: 44, blockSize: 8, positions: upTo(50) }
  const { out } = await prefill(shape, 16)
  for (const isa of ['avx2', 'plain'] as const) expectSameBits((await prefill(shape, 16, isa)).out, out)
})
