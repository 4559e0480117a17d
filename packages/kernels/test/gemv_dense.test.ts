import { describe, expect, test } from 'vitest'
import { gemmDense, gemvDense } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemvDense as oracle } from '../src/oracles/gemv_dense.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { activationKinds, activations, denseWeights } from './support/matmul.js'
import { normal } from './support/random.js'

type Type = 'f32' | 'f16' | 'bf16'
type Epilogue = 'none' | 'add' | 'swiglu'

function makeCase(
  type: Type,
  m: number,
  n: number,
  k: number,
  epilogue: Epilogue = 'none',
  kind: (typeof activationKinds)[number] = 'rms 1',
) {
  const weights = denseWeights(type, n * k * (epilogue === 'swiglu' ? 2 : 1), n + k)
  return {
    problem: { m, n, k },
    constants: { type, epilogue },
    args: { activations: activations(kind, m, k), weights, residual: epilogue === 'add' ? normal(m * n, 5) : null },
  }
}

type Spec = ReturnType<typeof makeCase>

async function run(definition: typeof gemvDense | typeof gemmDense, spec: Spec, isa?: Isa): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call<typeof gemvDense | typeof gemmDense>(definition, { ...spec, args: { ...spec.args, out } }, isa)
  return out
}

function rowOf(spec: Spec, row: number): Spec {
  const { n, k } = spec.problem
  const residual = spec.args.residual?.slice(row * n, (row + 1) * n) ?? null
  const activations = spec.args.activations.slice(row * k, (row + 1) * k)
  return { ...spec, problem: { m: 1, n, k }, args: { ...spec.args, activations, residual } }
}

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
    const spec = makeCase(type, m, n, k)
    expect(nmse(await run(gemvDense, spec), oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
  })

  test('m = 1..8 of gemv_dense and 1, 8, 9, 64, 65 of gemm_dense have the bits of each row alone', async () => {
    const spec = makeCase(type, 65, 35, 77, 'add', 'one channel 1000 times the rest')
    const rows: number[] = []
    for (let row = 0; row < 65; row++) rows.push(...(await run(gemvDense, rowOf(spec, row))))
    const expected = Float32Array.from(rows)
    for (const m of [1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 65]) {
      const first = { ...spec, problem: { ...spec.problem, m } }
      for (const isa of ['best', 'avx2', 'plain'] as const) {
        if (m <= 8) expectSameBits(await run(gemvDense, first, isa), expected.slice(0, m * 35))
        expectSameBits(await run(gemmDense, first, isa), expected.slice(0, m * 35))
      }
    }
    expect(nmse(expected, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
  })

  test.each(activationKinds)('swiglu with activations: %s', async (kind) => {
    const spec = makeCase(type, 3, 24, 200, 'swiglu', kind)
    const expected = oracle(spec.problem, spec.constants, spec.args).out
    expect(nmse(await run(gemvDense, spec), expected)).toBeLessThan(1e-11)
    expect(nmse(await run(gemmDense, spec), expected)).toBeLessThan(1e-11)
  })
})

test('the residual may be the output', async () => {
  const spec = makeCase('f16', 2, 40, 64, 'add')
  const out = Float32Array.from(spec.args.residual ?? [])
  await call(gemvDense, { ...spec, args: { ...spec.args, residual: out, out } })
  expectSameBits(out, await run(gemvDense, spec))
})

test('every half and bfloat16 weight is converted exactly', async () => {
  for (const type of ['f16', 'bf16'] as const) {
    const spec = makeCase(type, 1, 65536, 1)
    spec.args.activations[0] = 1
    spec.args.weights.set(Uint16Array.from({ length: 65536 }, (_, i) => i))
    const expected = Float32Array.from(oracle(spec.problem, spec.constants, spec.args).out, (x) => x + 0) // -0 + 0 = 0
    for (const isa of ['best', 'avx2', 'plain'] as const) expect(await run(gemvDense, spec, isa)).toEqual(expected)
  }
})
