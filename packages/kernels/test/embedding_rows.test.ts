import { expect, test } from 'vitest'
import { embeddingRows } from '../src/manifest/index.js'
import { embeddingRows as oracle } from '../src/oracles/embedding_rows.js'
import { call, describeTargets } from './support/call.js'
import { normal, uniform } from './support/random.js'

function makeCase(type: 'f32' | 'f16' | 'bf16', m: number, n: number, k: number) {
  const random = uniform(n + k)
  const table =
    type === 'f32'
      ? normal(n * k, k)
      : // Any bits but those of infinities and NaN, subnormals included.
        Uint16Array.from({ length: n * k }, () => Math.floor(random() * 0x7c00) | (random() < 0.5 ? 0x8000 : 0))
  const tokens = Uint32Array.from({ length: m }, () => Math.floor(random() * n))
  tokens[m - 1] = n - 1
  return { problem: { m, n, k }, constants: { type }, args: { tokens, table, out: new Float32Array(m * k).fill(NaN) } }
}

describeTargets(embeddingRows, (target) => {
  for (const type of ['f32', 'f16', 'bf16'] as const) {
    test.each([
      ['one row, one value', 1, 1, 1],
      ['one row of lanes', 1, 5, 16],
      ['8 rows, a ragged width', 8, 100, 67],
      ['width below the lanes', 3, 9, 15],
      ['more than a threadgroup', 2, 3, 1100],
    ])(`${type}: %s`, async (_, m, n, k) => {
      const spec = makeCase(type, m, n, k)
      await call(embeddingRows, spec, target)
      expect(Float64Array.from(spec.args.out)).toEqual(oracle(spec.problem, spec.constants, spec.args).out)
    })
  }

  test('a token outside the vocabulary fails, and says where', async () => {
    const spec = makeCase('f32', 3, 4096, 8)
    spec.args.tokens[2] = 5000
    const message = '[embedding_rows] token 5000 at row 2 is outside the vocabulary'
    await expect(call(embeddingRows, spec, target)).rejects.toThrow(message)
    expect(() => oracle(spec.problem, spec.constants, spec.args)).toThrow(message)
    spec.args.tokens[2] = 4096
    await expect(call(embeddingRows, spec, target)).rejects.toThrow('token 4096 at row 2')
  })
})
