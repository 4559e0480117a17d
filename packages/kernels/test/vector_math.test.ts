/** silu (and exp and sigmoid under it) through the epilogue of gemv_dense: gate = x * 1, up = 1 * 1. */
import { expect, test } from 'vitest'
import { gemvDense } from '../src/manifest/index.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'

async function silu(values: Float32Array, isa?: Isa): Promise<Float32Array> {
  const n = values.length
  const weights = new Float32Array(2 * n).fill(1)
  weights.set(values)
  const out = new Float32Array(n)
  const args = { activations: Float32Array.of(1), weights, out }
  await call(gemvDense, { problem: { m: 1, n, k: 1 }, constants: { epilogue: 'swiglu' }, args }, isa)
  return out
}

const sweep = Float32Array.from({ length: 40_000 }, (_, i) => (i - 20_000) * 0.0061 + i * 1e-7)

test('silu: within 4 ulp wherever the sigmoid is a normal number, and within 2^-142 elsewhere', async () => {
  const got = await silu(sweep)
  let worst = 0
  let worstTiny = 0
  for (const [i, x] of sweep.entries()) {
    const expected = x / (1 + Math.exp(-x))
    const error = Math.abs(got[i] - expected)
    if (x < -87) worstTiny = Math.max(worstTiny, error)
    else if (expected !== 0) worst = Math.max(worst, error / 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 23))
  }
  expect(worst).toBeLessThan(4)
  expect(worstTiny).toBeLessThan(2 ** -142)
})

test('silu: defined at the ends: 0 at -infinity, x for large x, NaN for NaN', async () => {
  const ends = Float32Array.of(-Infinity, -1e38, -1000, -0, 0, 1000, 3e38, Infinity, NaN)
  for (const isa of ['best', 'avx2', 'plain'] as const) {
    expect(await silu(ends, isa)).toEqual(Float32Array.of(-0, -0, -0, 0, 0, 1000, 3e38, Infinity, NaN))
  }
})

test('silu: the same bits on every instruction set', async () => {
  const best = await silu(sweep)
  for (const isa of ['avx2', 'plain'] as const) expectSameBits(await silu(sweep, isa), best)
})
