import { type Fp4Format, decodeE4M3 } from '@metal-fp4/fp4-quant'
import { expect, test } from 'vitest'
import { embeddingRowsFp4 } from '../src/manifest/index.js'
import { embeddingRowsFp4 as oracle } from '../src/oracles/embedding_rows_fp4.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { normal, uniform } from './support/random.js'

/** Any codes, and any scale of the format that is a number. */
function makeCase(format: Fp4Format, m: number, n: number, k: number, groupSize: number) {
  const random = uniform(n * k)
  const columns = Math.ceil(n / 64) * 64
  const codes = Uint32Array.from({ length: columns * Math.ceil(k / 8) }, () => Math.floor(random() * 2 ** 32))
  const scaleCount = columns * Math.ceil(k / groupSize)
  const scales = {
    fp4: () => Uint16Array.from({ length: scaleCount }, () => Math.floor(random() * 0x7c00)),
    mxfp4: () => Uint8Array.from({ length: scaleCount }, () => Math.floor(random() * 252)),
    nvfp4: () => Uint8Array.from({ length: scaleCount }, () => Math.floor(random() * 127)),
  }[format]()
  const tokens = Uint32Array.from({ length: m }, () => Math.floor(random() * n))
  tokens[0] = n - 1
  const columnScales = format === 'nvfp4' ? normal(columns, 3, 0.01) : null
  const args = { tokens, codes, scales, columnScales, out: new Float32Array(m * k).fill(NaN) }
  return { problem: { m, n, k, groupSize }, constants: { format }, args }
}

describeTargets(embeddingRowsFp4, (target) => {
  for (const [format, groupSize] of [
    ['fp4', 128],
    ['fp4', 16],
    ['mxfp4', 32],
    ['nvfp4', 16],
  ] as const) {
    test.each([
      ['one group, one tile', 1, 64, groupSize],
      ['a ragged last tile', 8, 100, 2 * groupSize],
      ['a ragged last group and word', 3, 65, 2 * groupSize + 13],
      ['less than a word', 2, 7, 5],
    ])(`${format}/${groupSize}: %s`, async (_, m, n, k) => {
      const spec = makeCase(format, m, n, k, groupSize)
      await call(embeddingRowsFp4, spec, target)
      expectSameBits(spec.args.out, Float32Array.from(oracle(spec.problem, spec.constants, spec.args).out))
    })
  }

  test('every E4M3 and E8M0 scale, subnormals and NaN included', async () => {
    for (const format of ['nvfp4', 'mxfp4'] as const) {
      const spec = makeCase(format, 256, 256, 8, 16)
      spec.args.tokens.set(spec.args.tokens.map((_, i) => i))
      spec.args.scales.set(Array.from({ length: 256 }, (_, i) => i))
      spec.args.codes.fill(0x22222222) // 1
      spec.args.columnScales?.fill(1)
      await call(embeddingRowsFp4, spec, target)
      const scales = Float64Array.from({ length: 256 }, (_, i) => spec.args.out[i * 8])
      const expected = Float64Array.from({ length: 256 }, (_, i) =>
        format === 'nvfp4' ? decodeE4M3(i) : i === 255 ? NaN : 2 ** (i - 127),
      )
      expect(scales).toEqual(expected)
    }
  })

  test('a token outside the vocabulary fails, also when the tile has a column for it', async () => {
    const spec = makeCase('fp4', 2, 100, 64, 64)
    spec.args.tokens[1] = 100
    const message = '[embedding_rows_fp4] token 100 at row 1 is outside the vocabulary'
    await expect(call(embeddingRowsFp4, spec, target)).rejects.toThrow(message)
    expect(() => oracle(spec.problem, spec.constants, spec.args)).toThrow(message)
  })
})
