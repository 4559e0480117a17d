import { float32ToHalfArray, halfToFloat32Array, quantize } from '@metal-fp4/fp4-quant'
import { createDevice } from '@metal-fp4/metal-core'
import { expect, test } from 'vitest'
import { decodeGemvFp4Wide as oracle } from '../src/oracles/decode_gemv_fp4_wide.js'
import { kernels, nmse } from '../src/index.js'
import { normal } from './support/random.js'

function makeCase(m: number, n: number, k: number, groupSize: number) {
  const { packed, scales } = quantize(normal(n * k, 3, 0.05), { n, k, format: 'fp4', groupSize })
  if (!(scales instanceof Uint16Array)) throw new Error('fp4 has half scales')
  return { activations: normal(m * k, 4), packed, scales, problem: { M: m, N: n, K: k, group_size: groupSize } }
}

test('decodeGemvFp4: [K/8, N] packing with group 128, shapes inferred', async () => {
  const { activations, packed, scales, problem } = makeCase(1, 640, 512, 128)
  const { m, n, half, float32 } = await kernels.decodeGemvFp4(activations, packed, scales, 128)
  expect([m, n, half.length]).toEqual([1, 640, 640])
  expect(float32).toEqual(halfToFloat32Array(half))
  const expected = oracle(problem, {}, { A: float32ToHalfArray(activations), B: packed, scales }).C
  expect(nmse(float32, expected)).toBeLessThan(2 ** -22)
})

test('decodeGemvFp4 takes half bits, more rows, and a device', async () => {
  const { activations, packed, scales, problem } = makeCase(3, 50, 100, 32)
  const A = float32ToHalfArray(activations)
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const result = await kernels.decodeGemvFp4(A, packed, scales, 32, { m: 3, device })
  expect(nmse(result.float32, oracle(problem, {}, { A, B: packed, scales }).C)).toBeLessThan(2 ** -22)
  const again = await kernels.decodeGemvFp4(activations, packed, scales, 32, { m: 3, device })
  expect(again.half).toEqual(result.half)
})

test('decodeGemvFp4 refuses lengths that do not fit one another', async () => {
  const { activations, packed, scales } = makeCase(1, 64, 256, 128)
  const call = kernels.decodeGemvFp4
  await expect(call(activations, packed.slice(1), scales, 128)).rejects.toThrow(
    '[decode_gemv_fp4_wide] expected packed of [ceil(K/8), N] = [32, N] words, got 2047 words. K is 256',
  )
  await expect(call(activations, packed, scales, 64)).rejects.toThrow(
    'expected scales of [ceil(K/groupSize), N] = [4, 64], got 128 scales. Check groupSize.',
  )
  await expect(call(activations, packed, scales, 128, { m: 3 })).rejects.toThrow(
    'expected activations of m = 3 equal rows',
  )
  await expect(call(activations, packed, scales, 0)).rejects.toThrow(
    'expected groupSize to be a positive integer, got 0',
  )
  await expect(call(activations, packed, new Uint8Array(128) as never, 128)).rejects.toThrow('got Uint8Array(128)')
  await expect(call([1] as never, packed, scales, 128)).rejects.toThrow('expected activations to be a Float32Array')
})
