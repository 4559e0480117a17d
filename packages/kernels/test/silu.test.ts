import { expect } from 'vitest'
import { bfloat16ToFloat32Array } from '@metal-fp4/fp4-quant'
import { gemvDense } from '../src/manifest/index.js'
import { call } from './support/call.js'
import { worstError } from './support/compare.js'
import { fixture } from './support/fixture.js'

// silu(x[:, :128]) * x[:, 128:] as the fused epilogue of a product: the weights pick the gate's half and the other one.
fixture('silu_and_mul_bf16_8x256', async ({ numbers }) => {
  const [m, n, k] = [8, 128, 256]
  const activations = bfloat16ToFloat32Array(Uint16Array.from(numbers('x')))
  const weights = new Float32Array(2 * n * k)
  for (let i = 0; i < 2 * n; i++) weights[i * k + i] = 1
  const out = new Float32Array(m * n).fill(NaN)
  await call(gemvDense, {
    problem: { m, n, k },
    constants: { epilogue: 'swiglu' },
    args: { activations, weights, out },
  })
  // The fixture's result was rounded to bfloat16, twice.
  expect(worstError(out, numbers('out'))).toBeLessThan(0.008)
})
