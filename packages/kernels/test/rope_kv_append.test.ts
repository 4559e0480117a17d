import { halfToFloat } from '@metal-fp4/fp4-quant'
import { expect, test } from 'vitest'
import { ropeKvAppend } from '../src/manifest/index.js'
import { ropeKvAppend as oracle } from '../src/oracles/rope_kv_append.js'
import { ropeFrequencies, ropeRotations } from '../src/rope.js'
import { type Target, call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { normal } from './support/random.js'
import { type SequenceShape, makeSequences } from './support/sequences.js'
import { variantsOf } from './support/variants.js'

type Constants = Parameters<typeof oracle>[1]

function makeCase(shape: SequenceShape, constants: Constants) {
  const { heads, kvHeads, headDim, positions, rms = 1 } = shape
  const { problem, args } = makeSequences(shape)
  const m = positions.length
  const maxPositions = Math.max(...positions) + 1
  const norm = (seed: number): Float32Array | null => (constants.norm === 'on' ? normal(headDim, seed) : null)
  return {
    problem: { ...problem, maxPositions, epsilon: 1e-6 },
    constants,
    args: {
      ...args,
      qkv: normal(m * (heads + 2 * kvHeads) * headDim, 31, rms),
      queryNorm: norm(32),
      keyNorm: norm(33),
      rotations: ropeRotations(ropeFrequencies({ headDim, theta: 10000 }), maxPositions),
      queries: new Float32Array(m * heads * headDim).fill(NaN),
    },
  }
}

/** Runs a case on copies of its pool; checks it against the oracle. */
async function check(spec: ReturnType<typeof makeCase>, target: Target) {
  const args = {
    ...spec.args,
    keys: spec.args.keys.slice(),
    values: spec.args.values.slice(),
    queries: spec.args.queries.slice(),
  }
  const expected = oracle(spec.problem, spec.constants, spec.args)
  await call(ropeKvAppend, { ...spec, args }, target)
  expect(worstError(args.queries, expected.queries)).toBeLessThan(1e-6)
  for (const name of ['keys', 'values'] as const) {
    // Within half a unit in the last place of a half (2^-11, or 2^-25 where it is subnormal), and float32's own error.
    const wrong = Array.from(args[name].keys()).filter((i) => {
      const error = Math.abs(halfToFloat(args[name][i]) - expected[name][i])
      return !(error <= Math.max(Math.abs(expected[name][i]) * (2 ** -11 + 1e-6), 2 ** -25 * 1.001))
    })
    expect(wrong).toEqual([])
  }
  return args
}

const grouped = { heads: 8, kvHeads: 2, headDim: 64, blockSize: 16 }

describeTargets(ropeKvAppend, (target) => {
  for (const pairing of ['halfSplit', 'interleaved'] as const) {
    for (const norm of ['off', 'on'] as const) {
      test.each<[string, SequenceShape]>([
        ['position 0', { ...grouped, positions: [0] }],
        ['8 rows over a block border', { ...grouped, positions: [12, 13, 14, 15, 16, 17, 18, 19] }],
        ['heads = kvHeads, headDim 32', { heads: 3, kvHeads: 3, headDim: 32, blockSize: 8, positions: [30] }],
        ['headDim 80', { heads: 4, kvHeads: 1, headDim: 80, blockSize: 8, positions: [7, 8] }],
        ['headDim 128', { heads: 4, kvHeads: 2, headDim: 128, blockSize: 8, positions: [100] }],
        ['headDim 2', { heads: 2, kvHeads: 1, headDim: 2, blockSize: 1, positions: [3] }],
        ['rows with tables of their own', { ...grouped, ownTables: true, positions: [40, 0, 15, 16] }],
      ])(`${pairing}, norm ${norm}: %s`, async (_, shape) => {
        for (const rms of [0.001, 1, 3000]) await check(makeCase({ ...shape, rms }, { pairing, norm }), target)
      })
    }
  }

  test('a row has the same bits in any company and on every instruction set', async () => {
    const positions = [12, 13, 14, 15, 16, 17, 18, 19]
    const constants = { pairing: 'halfSplit', norm: 'on' } as const
    const shape = { heads: 4, kvHeads: 2, headDim: 44, blockSize: 4 }
    const spec = makeCase({ ...shape, positions }, constants)
    const all = await check(spec, target)
    for (const isa of variantsOf(target)) {
      const alone = {
        keys: spec.args.keys.slice(),
        values: spec.args.values.slice(),
        queries: new Float32Array(all.queries.length),
      }
      for (let row = 0; row < 8; row++) {
        const width = { qkv: 8 * 44, queries: 4 * 44 }
        const args = {
          ...spec.args,
          ...alone,
          positions: spec.args.positions.slice(row, row + 1),
          qkv: spec.args.qkv.slice(row * width.qkv, (row + 1) * width.qkv),
          queries: alone.queries.subarray(row * width.queries, (row + 1) * width.queries),
        }
        await call(ropeKvAppend, { problem: { ...spec.problem, m: 1 }, constants, args }, isa)
      }
      for (const name of ['queries', 'keys', 'values'] as const) expectSameBits(alone[name], all[name])
    }
  })

  test('what is beyond a half becomes the largest half, infinities too', async () => {
    const spec = makeCase({ heads: 1, kvHeads: 1, headDim: 4, blockSize: 1, positions: [0] }, {})
    spec.args.qkv.set([1, 2, 3, 4, 1e6, -65520, 65519, -1e38, -Infinity, -1e38, Infinity, 65504])
    const { keys, values } = await check(spec, target)
    const slot = spec.args.blockTable[0] * 4
    expect(Array.from(keys.subarray(slot, slot + 4), halfToFloat)).toEqual([65504, -65504, 65504, -65504])
    expect(Array.from(values.subarray(slot, slot + 4), halfToFloat)).toEqual([-65504, -65504, 65504, 65504])
  })

  test('positions and blocks outside their ranges fail, and nothing is written', async () => {
    const spec = makeCase({ ...grouped, positions: [20] }, {})
    const refuse = async (changes: object, problem: object, message: string | RegExp): Promise<void> => {
      const keys = spec.args.keys.slice()
      const args = { ...spec.args, keys, ...changes }
      await expect(
        call(ropeKvAppend, { ...spec, problem: { ...spec.problem, ...problem }, args }, target),
      ).rejects.toThrow(message)
      expectSameBits(keys, spec.args.keys)
    }
    await refuse(
      { positions: Uint32Array.of(21) },
      {},
      '[rope_kv_append] position 21 at row 0 is not below maxPositions',
    )
    await refuse({}, { maxBlocks: 1 }, '[rope_kv_append] position 20 at row 0 is outside the block table')
    const blockTable = spec.args.blockTable.slice().fill(5)
    await refuse(
      { blockTable },
      { poolBlocks: 5 },
      /^\[rope_kv_append\] block .*at entry 1 of row 0 is outside the pool/,
    )
  })
})
