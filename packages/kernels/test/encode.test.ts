import { createDevice } from '@metal-fp4/metal-core'
import { describe, expect, test } from 'vitest'
import { KernelArgumentError, encode, gemvFp4, kernelLibraryFor, marlinGemmFp4, record, rmsNorm } from '../src/index.js'
import { testLibraryFor } from './support/library.js'
import { bytes, spec } from './support/spec.js'

test('a call becomes constants, a grid, buffers in order and parameters', () => {
  const call = spec()
  const encoded = encode(gemvFp4, 'cpu', call)
  expect(encoded.name).toBe('gemv_fp4')
  expect(encoded.constants).toEqual({ format: 2, epilogue: 0, rows: 0, precision: 0 })
  expect(encoded.grid).toEqual([2, 1, 1])
  expect(encoded.threadgroup).toEqual([1, 1, 1])
  const { activations, codes, scales, columnScales, out } = call.args
  const parameters = new Uint8Array(Uint32Array.of(2, 70, 100, 32).buffer)
  expect(encoded.buffers).toEqual([activations, codes, scales, columnScales, null, out, parameters])
})

test('separate parameters are an argument each, floats are float32', () => {
  const args = { A: bytes(128), B: bytes(4 * 512), scales: bytes(128), C: bytes(128) }
  const separate = encode(marlinGemmFp4, 'metal', { problem: { M: 1, N: 64, K: 64, group_size: 64 }, args })
  expect(separate.buffers.slice(4)).toEqual([1, 64, 64, 64].map((x) => new Uint8Array(Uint32Array.of(x).buffer)))
  expect(separate.threadgroup).toEqual([128, 1, 1])
  const norm = { input: bytes(8), weight: bytes(8), out: bytes(8) }
  const { buffers } = encode(rmsNorm, 'cpu', { problem: { m: 1, k: 2, epsilon: 1e-6 }, args: norm })
  expect(new DataView((buffers[3] as Uint8Array).buffer).getFloat32(8, true)).toBe(Math.fround(1e-6))
})

test('buffers may be larger than needed', () => {
  expect(encode(gemvFp4, 'cpu', spec({ args: { codes: bytes(1e6) } })).grid).toEqual([2, 1, 1])
})

describe('what does not fit is named', () => {
  test.each<[string, Parameters<typeof spec>[0], string]>([
    [
      'a buffer too small',
      { args: { codes: bytes(100) } },
      '[gemv_fp4] expected codes of at least 6656 bytes (1664 of u32), got 100 bytes. Bind a larger buffer, or check the problem.',
    ],
    [
      'one byte short',
      { args: { scales: bytes(511) } },
      'expected scales of at least 512 bytes (512 of e4m3), got 511 bytes',
    ],
    [
      'a missing argument',
      { args: { out: undefined } },
      'expected out of at least 560 bytes (140 of f32), got undefined. Bind args.out.',
    ],
    [
      'a missing optional that is needed',
      { args: { columnScales: null } },
      'expected columnScales of at least 512 bytes',
    ],
    [
      'an optional that is not used',
      { constants: { format: 'fp4' }, args: { scales: bytes(1024) } },
      "expected columnScales to be unbound, got a buffer. It is used when format == 'nvfp4'.",
    ],
    [
      'an unknown argument',
      { args: { weights: bytes(1) } },
      'expected arguments activations, codes, scales, columnScales, residual, out, got "weights"',
    ],
    ['no buffer', { args: { out: 5 } }, 'expected out of at least 560 bytes (140 of f32), got 5. Bind a DeviceBuffer'],
    [
      'an odd offset',
      { args: { out: bytes(560, 2) } },
      'expected out aligned to 4 bytes, got offset 2. Align the view.',
    ],
    [
      'weights at a multiple of their element only',
      { args: { codes: bytes(4 * 128 * 13, 8) } },
      'expected codes aligned to 16 bytes, got offset 8. Align the view.',
    ],
    [
      'an illegal problem',
      { problem: { m: 9 } },
      '[gemv_fp4] expected m from 1 to 8 (larger M: gemm_fp4), got m = 9, n = 70, k = 100',
    ],
    [
      'an illegal group',
      { problem: { groupSize: 20 } },
      'expected groupSize of 16 or more in steps of 8, or of at least k',
    ],
    ['a fraction', { problem: { n: 1.5 } }, 'expected n to be an integer of 0..2^32-1, got 1.5. Set problem.n.'],
    ['a missing scalar', { problem: { k: undefined } }, 'expected k to be an integer of 0..2^32-1, got undefined'],
    ['an unknown scalar', { problem: { K: 1 } }, 'expected a problem of m, n, k, groupSize, got K as well'],
    [
      'an unknown constant',
      { constants: { tile: 'panel' } },
      'expected constants format, epilogue, rows, precision, got "tile"',
    ],
    ['an unknown value', { constants: { format: 'q4' } }, 'expected format to be fp4 or mxfp4 or nvfp4, got "q4"'],
    [
      'sizes beyond 2^53',
      { problem: { n: 2 ** 32 - 1, k: 2 ** 32 - 1, m: 8 } },
      'expected a problem with codes below 2^53, got m = 8, n = 4294967295',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => encode(gemvFp4, 'cpu', spec(changes))).toThrow(message)
    expect(() => encode(gemvFp4, 'cpu', spec(changes))).toThrow(KernelArgumentError)
  })

  test('a backend without the kernel', () => {
    expect(() => encode(gemvFp4, 'cuda', spec())).toThrow('[gemv_fp4] expected backend cpu')
    expect(() => kernelLibraryFor({ backend: 'cuda' })).toThrow('[kernels] expected a cpu or metal device, got cuda.')
  })
})

test('record puts a call into a graph, under its label', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const library = await device.loadLibrary(testLibraryFor(device.info))
  const graph = device.createGraph()
  const input = device.createBuffer({ data: Float32Array.of(3, 4) })
  const weight = device.createBuffer({ data: Float32Array.of(1, 2) })
  const out = device.createBuffer({ byteLength: 8 })
  const problem = { m: 1, k: 2, epsilon: 0 }
  record(graph, library, rmsNorm, { problem, args: { input, weight, out } }, 'first norm')
  record(graph, library, rmsNorm, { problem, args: { input: out, weight, out } })
  const { dispatches } = await graph.submit({ profile: true }).completed
  expect(dispatches?.map(({ kernel, label }) => [kernel, label])).toEqual([
    ['rms_norm', 'first norm'],
    ['rms_norm', undefined],
  ])
  const [x, y] = out.asFloat32Array()
  expect(y / x).toBeCloseTo((4 * 4) / 3, 5)
})
