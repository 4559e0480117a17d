import { describe, expect, test } from 'vitest'
import { gemmDense, gemvDense } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemmDense as oracle } from '../src/oracles/gemm_dense.js'
import { describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { makeDenseCase, rowOf, runDense } from './support/dense.js'
import { activationKinds } from './support/matmul.js'

describeTargets(gemmDense, (target) => {
  describe.each(['f32', 'f16', 'bf16'] as const)('%s', (type) => {
    test('1, 8, 9, 64 and 65 rows meet the oracle, in every epilogue', async () => {
      for (const [m, n, k, epilogue] of [
        [1, 35, 77, 'none'],
        [8, 64, 32, 'add'],
        [9, 70, 40, 'swiglu'],
        [33, 17, 136, 'add'],
        [64, 5, 7, 'none'],
        [65, 35, 77, 'swiglu'],
      ] as const) {
        const spec = makeDenseCase(type, m, n, k, epilogue, 'one channel 1000 times the rest')
        const expected = oracle(spec.problem, spec.constants, spec.args).out
        expect(nmse(await runDense(gemmDense, spec, target), expected)).toBeLessThan(1e-11)
      }
    })

    test.each(activationKinds)('swiglu with activations: %s', async (kind) => {
      const spec = makeDenseCase(type, 3, 24, 200, 'swiglu', kind)
      const expected = oracle(spec.problem, spec.constants, spec.args).out
      expect(nmse(await runDense(gemmDense, spec, target), expected)).toBeLessThan(1e-11)
    })
  })
})

describe.each(['f32', 'f16', 'bf16'] as const)('%s', (type) => {
  test('m = 1..8 of gemv_dense and 1, 8, 9, 64, 65 of gemm_dense have the bits of each row alone', async () => {
    const spec = makeDenseCase(type, 65, 35, 77, 'add', 'one channel 1000 times the rest')
    const rows: number[] = []
    for (let row = 0; row < 65; row++) rows.push(...(await runDense(gemvDense, rowOf(spec, row))))
    const expected = Float32Array.from(rows)
    for (const m of [1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 65]) {
      const first = { ...spec, problem: { ...spec.problem, m } }
      for (const isa of ['best', 'avx2', 'plain'] as const) {
        if (m <= 8) expectSameBits(await runDense(gemvDense, first, isa), expected.slice(0, m * 35))
        expectSameBits(await runDense(gemmDense, first, isa), expected.slice(0, m * 35))
      }
    }
    expect(nmse(expected, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
  })
})

describeTargets(gemvDense, (target) => {
  test.each(['f32', 'f16', 'bf16'] as const)('%s: m = 1..8 have the bits of each row alone', async (type) => {
    const spec = makeDenseCase(type, 8, 21, 77, 'add', 'one channel 1000 times the rest')
    const rows: number[] = []
    for (let row = 0; row < 8; row++) rows.push(...(await runDense(gemvDense, rowOf(spec, row), target)))
    for (let m = 1; m <= 8; m++) {
      const first = { ...spec, problem: { ...spec.problem, m } }
      expectSameBits(await runDense(gemvDense, first, target), Float32Array.from(rows).slice(0, m * 21))
    }
  })
})
