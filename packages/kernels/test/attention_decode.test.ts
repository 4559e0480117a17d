import { expect, test } from 'vitest'
import { attentionDecode } from '../src/manifest/index.js'
import { attentionDecode as decodeOracle } from '../src/oracles/attention_decode.js'
import { attentionPrefill as prefillOracle } from '../src/oracles/attention_prefill.js'
import { decode } from './support/attention.js'
import { affordable, call, deep, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { type SequenceShape, makeSequences } from './support/sequences.js'
import { variantsOf } from './support/variants.js'

const grouped = { heads: 8, kvHeads: 2, headDim: 64, blockSize: 16 }

const shapes: readonly (readonly [string, SequenceShape, number])[] = [
  ['position 0', { ...grouped, positions: [0] }, 32],
  ['heads = kvHeads, headDim 32', { heads: 4, kvHeads: 4, headDim: 32, blockSize: 16, positions: [40] }, 32],
  ['4:1, headDim 128, several splits', { heads: 8, kvHeads: 2, headDim: 128, blockSize: 32, positions: [300] }, 64],
  ['3:1, headDim 80', { heads: 6, kvHeads: 2, headDim: 80, blockSize: 16, positions: [70] }, 32],
  ['7:1, headDim 2', { heads: 7, kvHeads: 1, headDim: 2, blockSize: 4, positions: [9] }, 8],
  ['ragged headDim 44', { heads: 4, kvHeads: 2, headDim: 44, blockSize: 8, positions: [33] }, 16],
  ['the last position of a block and of a split', { ...grouped, positions: [63] }, 32],
  ['the first position of a block and of a split', { ...grouped, positions: [64] }, 32],
  ['splits that are no multiple of blocks', { ...grouped, positions: [100] }, 27],
  ['blocks of 1', { ...grouped, blockSize: 1, positions: [20] }, 8],
  ['12:1, more heads than share a pass', { ...grouped, heads: 12, kvHeads: 1, positions: [70] }, 48],
  ['headDim 160', { heads: 4, kvHeads: 2, headDim: 160, blockSize: 16, positions: [70] }, 32],
  ['headDim 512, 5:1', { heads: 5, kvHeads: 1, headDim: 512, blockSize: 16, positions: [20] }, 32],
  ['headDim 1024, 5:1', { heads: 5, kvHeads: 1, headDim: 1024, blockSize: 16, positions: [20] }, 32],
  ['splits of more than a tile', { ...grouped, positions: [150] }, 100],
  ['8 rows of one sequence', { ...grouped, positions: [60, 61, 62, 63, 64, 65, 66, 67] }, 32],
  ['8 sequences', { ...grouped, ownTables: true, positions: [5, 0, 90, 31, 32, 33, 128, 17] }, 32],
]

/** Multiply-adds, about, of the three calls of a test. */
const costOf = ([, { heads, headDim, positions }]: (typeof shapes)[number]): number =>
  6 * heads * headDim * positions.reduce((sum, position) => sum + position + 1, 0)

describeTargets(attentionDecode, (target) => {
  test.each(affordable(target, shapes, costOf))('%s', async (_, shape, splitLength) => {
    for (const rms of [0.001, 1, 3000]) {
      const { problem, inputs, partials, out } = await decode({ ...shape, rms }, splitLength, target)
      const expected = decodeOracle(problem, {}, inputs).partials
      const written = (values: ArrayLike<number>): number[] =>
        Array.from(values).filter((__, i) => !Number.isNaN(expected[i]))
      // Scores near 10^4 are known to 10^-3 only, and so are their exponentials.
      const tolerance = rms > 1 ? 1e-3 : 2e-6
      expect(worstError(written(partials), written(expected))).toBeLessThan(tolerance)
      const unwritten = partials.filter((__, i) => Number.isNaN(expected[i]))
      expect(unwritten.every((value) => value === -77)).toBe(true)
      expect(unwritten.length).toBeGreaterThan(0)
      expect(worstError(out, prefillOracle(problem, {}, inputs).out)).toBeLessThan(tolerance)
    }
  })

  test('a long context', async () => {
    const last = target === 'metal' && !deep ? 1023 : 8191
    const shape = { heads: 4, kvHeads: 1, headDim: 64, blockSize: 32, positions: [last] }
    const { problem, inputs, out } = await decode(shape, 256, target)
    expect(worstError(out, prefillOracle(problem, {}, inputs).out)).toBeLessThan(1e-5)
  })

  test('a row has the same bits in any company and on every instruction set', async () => {
    const shape = { heads: 12, kvHeads: 2, headDim: 80, blockSize: 16, ownTables: true }
    const positions = [5, 0, 90, 31, 32, 33, 128, 17]
    const all = makeSequences({ ...shape, positions })
    const problem = { ...all.problem, splitLength: 32, splits: 6, scale: 0.1 }
    const width = problem.heads * problem.splits * (problem.headDim + 2)
    const together = new Float32Array(8 * width)
    await call(attentionDecode, { problem, args: { ...all.args, queries: all.queries, partials: together } }, target)
    for (let m = 1; m <= 8; m++) {
      for (const isa of variantsOf(target)) {
        const first = 8 - m
        const rows = {
          ...all.args,
          positions: all.args.positions.slice(first),
          blockTable: all.args.blockTable.slice(first * problem.tableStride),
          queries: all.queries.slice(first * problem.heads * problem.headDim),
          partials: new Float32Array(m * width),
        }
        await call(attentionDecode, { problem: { ...problem, m }, args: rows }, isa)
        expectSameBits(rows.partials, together.subarray(first * width))
      }
    }
  })

  test('positions and blocks outside their ranges fail, and say where', async () => {
    const { problem, args, queries } = makeSequences({ ...grouped, positions: [40, 41], ownTables: true })
    const full = { ...problem, splitLength: 32, splits: 2, scale: 1 }
    const partials = new Float32Array(2 * problem.heads * 2 * (problem.headDim + 2))
    const run = (changes: object): Promise<void> =>
      call(attentionDecode, { problem: full, args: { ...args, queries, partials, ...changes } }, target)
    await run({})
    await expect(run({ positions: Uint32Array.of(40, 1000) })).rejects.toThrow(
      '[attention_decode] position 1000 at row 1 is outside the block table',
    )
    await expect(run({ positions: Uint32Array.of(0xffffffff, 0) })).rejects.toThrow('position 4294967295 at row 0')
    const blockTable = args.blockTable.slice()
    blockTable[1] = problem.poolBlocks
    await expect(run({ blockTable })).rejects.toThrow(
      /^\[attention_decode\] block .*at entry 1 of row 0 is outside the pool/,
    )
    const short = { ...full, splits: 1 }
    await expect(
      call(attentionDecode, { problem: short, args: { ...args, queries, partials } }, target),
    ).rejects.toThrow(/^\[attention_decode\] position 4[01] at row [01] is outside .*splits/)
  })
})
