import { expect, test } from 'vitest'
import { attentionCombine } from '../src/manifest/index.js'
import { attentionCombine as oracle } from '../src/oracles/attention_combine.js'
import { decode } from './support/attention.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { variantsOf } from './support/variants.js'

const grouped = { heads: 8, kvHeads: 2, headDim: 64, blockSize: 16 }

describeTargets(attentionCombine, (target) => {
  test.each<[string, object, number[], number]>([
    ['one split', {}, [0], 32],
    ['the last position of a split', {}, [63], 32],
    ['the first position of a split', {}, [64], 32],
    ['many splits of ragged heads', { heads: 4, headDim: 44 }, [300], 16],
    ['rows with different numbers of splits', { ownTables: true }, [5, 0, 90, 31, 32, 33, 128, 17], 32],
  ])('%s', async (_, changes, positions, splitLength) => {
    for (const rms of [0.001, 1, 3000]) {
      const { combine, out } = await decode({ ...grouped, ...changes, positions, rms }, splitLength, target)
      expect(worstError(out, oracle(combine.problem, {}, combine.args).out)).toBeLessThan(1e-6)
    }
  })

  test('another run, on any instruction set, gives the same bits', async () => {
    const { combine, out } = await decode({ ...grouped, headDim: 80, positions: [100, 101] }, 16, target)
    for (const isa of variantsOf(target)) {
      const other = new Float32Array(out.length).fill(NaN)
      await call(attentionCombine, { ...combine, args: { ...combine.args, out: other } }, isa)
      expectSameBits(other, out)
    }
  })

  test('a position beyond the splits fails, and says where', async () => {
    const { combine } = await decode({ ...grouped, positions: [40, 41] }, 32, target)
    const problem = { ...combine.problem, splits: 1 }
    await expect(call(attentionCombine, { ...combine, problem }, target)).rejects.toThrow(
      /^\[attention_combine\] position 4[01] at row [01] is outside .*splits/,
    )
  })
})
