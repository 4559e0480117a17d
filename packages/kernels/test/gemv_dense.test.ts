import { describe, expect, test } from 'vitest'
import { gemvDense } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemvDense as oracle } from '../src/oracles/gemv_dense.js'
import { call, deep, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { makeDenseCase, runDense } from './support/dense.js'
import { activationKinds } from './support/matmul.js'

describeTargets(gemvDense, (target) => {
  describe.each(['f32', 'f16', 'bf16'] as const)('%s', (type) => {
    test.each([
      ['one block of K', 1, 16, 16],
      ['less than a block', 2, 3, 7],
      ['two blocks and a ragged third', 3, 17, 45],
      ['one block and a ragged second', 4, 33, 31],
      ['a ragged first block of the next pair', 5, 20, 35],
      ['ragged columns', 6, 37, 128],
      ['seven rows', 7, 16, 96],
      ['the most rows', 8, 40, 520],
    ])('%s (m %i, n %i, k %i) meets the oracle', async (_, m, n, k) => {
      const spec = makeDenseCase(type, m, n, k)
      expect(
        nmse(await runDense(gemvDense, spec, target), oracle(spec.problem, spec.constants, spec.args).out),
      ).toBeLessThan(1e-12)
    })

    test.each(activationKinds)('swiglu with activations: %s', async (kind) => {
      const spec = makeDenseCase(type, 3, 24, 200, 'swiglu', kind)
      expect(
        nmse(await runDense(gemvDense, spec, target), oracle(spec.problem, spec.constants, spec.args).out),
      ).toBeLessThan(1e-11)
    })
  })

  test('the residual may be the output', async () => {
    const spec = makeDenseCase('f16', 2, 40, 64, 'add')
    const out = Float32Array.from(spec.args.residual ?? [])
    await call(gemvDense, { ...spec, args: { ...spec.args, residual: out, out } }, target)
    expectSameBits(out, await runDense(gemvDense, spec, target))
  })

  test.skipIf(target === 'metal' && !deep)('every half and bfloat16 weight is converted exactly', async () => {
    for (const type of ['f16', 'bf16'] as const) {
      const spec = makeDenseCase(type, 1, 65536, 1)
      spec.args.activations[0] = 1
      spec.args.weights.set(Uint16Array.from({ length: 65536 }, (_, i) => i))
      const expected = Float32Array.from(oracle(spec.problem, spec.constants, spec.args).out, (x) => x + 0) // -0 + 0 = 0
      const ways = target === 'metal' ? (['metal'] as const) : (['best', 'avx2', 'plain'] as const)
      for (const way of ways) expect(await runDense(gemvDense, spec, way)).toEqual(expected)
    }
  })
})
