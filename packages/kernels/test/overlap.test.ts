import { describe, expect, test } from 'vitest'
import { KernelArgumentError, encode, gemvFp4, moeRouterTopk } from '../src/index.js'
import { bytes, spec } from './support/spec.js'

describe('arguments in the same bytes', () => {
  const buffer = { byteLength: 4096 }
  const view = (offset: number, byteLength: number) => ({ buffer, offset, byteLength })
  const withResidual = (residual: object, out: object) =>
    spec({ constants: { epilogue: 'add' }, args: { residual, out } })

  test('an input may not be the output', () => {
    const call = spec({ args: { activations: buffer, out: buffer } })
    expect(() => encode(gemvFp4, 'cpu', call)).toThrow(
      '[gemv_fp4] expected out apart from activations, got bytes 0..559 and 0..799 of one buffer. Give out a buffer of its own.',
    )
    expect(() => encode(gemvFp4, 'cpu', call)).toThrow(KernelArgumentError)
    const array = new Float32Array(1024)
    const shared = spec({ args: { activations: array.subarray(0, 200), out: array.subarray(199, 339) } })
    expect(() => encode(gemvFp4, 'cpu', shared)).toThrow('expected out apart from activations, got bytes 796..1355')
  })

  test('a residual may be the output, all of it', () => {
    encode(gemvFp4, 'cpu', withResidual(buffer, buffer))
    encode(gemvFp4, 'cpu', withResidual(view(64, 560), view(64, 600)))
    expect(() => encode(gemvFp4, 'cpu', withResidual(view(64, 560), view(128, 560)))).toThrow(
      '[gemv_fp4] expected out to be the range of residual or apart from it, got bytes 128..687 and 64..623 of one buffer.',
    )
  })

  test('views side by side, and inputs in the same bytes, are accepted', () => {
    encode(gemvFp4, 'cpu', withResidual(view(0, 560), view(560, 560)))
    encode(gemvFp4, 'cpu', spec({ args: { activations: view(0, 2000), out: view(800, 560) } })) // uses 0..799
    encode(gemvFp4, 'cpu', spec({ args: { activations: buffer, scales: buffer } }))
  })

  test('two outputs may not be one', () => {
    const args = { logits: bytes(64), bias: null, ids: buffer, weights: buffer }
    const problem = { m: 1, n: 16, topK: 2, scalingFactor: 1 }
    expect(() => encode(moeRouterTopk, 'cpu', { problem, args })).toThrow('expected ids apart from weights')
  })
})
