import { describe, expect, test } from 'vitest'
import { gemmDense, gemvDense } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemmDense as oracle } from '../src/oracles/gemm_dense.js'
import { expectSameBits } from './support/compare.js'
import { makeDenseCase, rowOf, runDense } from './support/dense.js'
import { activationKinds } from './support/matmul.js'

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

  test.each(activationKinds)('swiglu with activations: %s', async (kind) => {
    const spec = makeDenseCase(type, 3, 24, 200, 'swiglu', kind)
    expect(nmse(await runDense(gemmDense, spec), oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(
      1e-11,
    )
  })
})
