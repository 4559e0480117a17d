/** Layouts of other projects: what they read from their bytes is what we read, and every conversion there is comes back the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type QuantizedTensor, LayoutError, convertLayout, convertLayoutAsync, dequantize, fromCompressedTensors, fromGguf, fromGptOss, fromLayoutAsync,
  fromMlx, fromModelOpt, joinExperts, joinParts, layoutNames, measureError, padK, quantize, splitExperts, splitParts,
  toCompressedTensors, toGguf, toGptOss, toLayoutAsync, toMlx, toModelOpt,
} from '../src/index.js' // prettier-ignore
import { gguf, rows } from './layout-goldens.js'
import { normal } from './random.js'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const floats = (hex: string): Float32Array => new Float32Array(bytes(hex).buffer)
const [globalScale] = floats(rows.globalScale)
const one = Float32Array.of(1)

/** -0 and 0 as one: ggml reads code 8 as 0. */
const unsigned = (values: Float32Array): number[] => Array.from(values, (value) => value + 0)

describe('bytes of other projects', () => {
  it('GGUF MXFP4 (gguf 0.19.0)', () => {
    const tensor = fromGguf({ type: 'MXFP4', n: 1, k: 64, blocks: bytes(gguf.mxfp4Blocks) })
    expect(unsigned(dequantize(tensor))).toEqual(unsigned(floats(gguf.mxfp4Values)))
    expect(toGguf(tensor).blocks).toEqual(bytes(gguf.mxfp4Blocks))
  })
  it('GGUF NVFP4 (gguf 0.19.0), with and without its tensor of scales', () => {
    const blocks = bytes(gguf.nvfp4Blocks)
    const tensor = fromGguf({ type: 'NVFP4', n: 1, k: 64, blocks })
    expect(unsigned(dequantize(tensor))).toEqual(unsigned(floats(gguf.nvfp4Values)))
    expect(toGguf(tensor)).toMatchObject({ type: 'NVFP4', typeId: 40, blocks, scale: one })
    const scaled = fromGguf({ type: 'NVFP4', n: 1, k: 64, blocks, scale: Float32Array.of(0.5) })
    expect(unsigned(dequantize(scaled))).toEqual(unsigned(floats(gguf.nvfp4Values).map((value) => value / 2)))
  })
  const shape = { n: 2, k: 32 }
  const codes = bytes(rows.codes)
  it('MXFP4 in rows: gpt-oss, MLX, compressed-tensors', () => {
    const scales = bytes(rows.e8m0)
    const expected = floats(rows.mxfp4Values)
    const tensor = fromGptOss({ ...shape, blocks: codes, scales })
    expect(dequantize(tensor)).toEqual(expected)
    expect(fromMlx({ mode: 'mxfp4', ...shape, weight: new Uint32Array(codes.slice().buffer), scales })).toEqual(tensor)
    const packed = { format: 'mxfp4-pack-quantized', ...shape, weightPacked: codes, weightScale: scales } as const
    expect(fromCompressedTensors(packed)).toEqual(tensor)
  })
  it('NVFP4 in rows: ModelOpt, compressed-tensors, MLX', () => {
    const weightScale = bytes(rows.e4m3)
    const tensor = fromModelOpt({ ...shape, weight: codes, weightScale, weightScale2: Float32Array.of(globalScale) })
    expect(dequantize(tensor)).toEqual(floats(rows.nvfp4Values))
    const compressed = fromCompressedTensors({
      format: 'nvfp4-pack-quantized', ...shape, weightPacked: codes, weightScale, weightGlobalScale: Float32Array.of(8),
    }) // prettier-ignore
    expect(compressed.globalScales).toEqual(Float32Array.of(0.125))
    const weight = new Uint32Array(codes.slice().buffer)
    const mlx = fromMlx({ mode: 'nvfp4', ...shape, weight, scales: weightScale })
    expect(mlx).toEqual({ ...tensor, globalScales: one })
    // MLX: scales * (global_scale / (448 * 6)), mlx/ops.cpp.
    const scaled = fromMlx({
      mode: 'nvfp4',
      ...shape,
      weight,
      scales: weightScale,
      globalScale: Float32Array.of(2688 / 4),
    })
    expect(scaled.globalScales).toEqual(Float32Array.of(0.25))
  })
  it('the pairs of the test of compressed-tensors (tests/test_compressors/test_fp4_quant.py, test_pack_unpack)', () => {
    // Its values, row by row; pack_fp4_to_uint8 puts the even one into the low nibble and keeps the sign of -0.
    const values = [-0.5, -6, -0.5, -1.5, -1, 6, 0, -0, -1, -6, -0.5, -0, 0.5, 0.5, -0, 0]
    const expected = [0xf9, 0xb9, 0x7a, 0x80, 0xfa, 0x89, 0x11, 0x08]
    const tensor = quantize(Float32Array.from([...values, ...Array<number>(16).fill(0)]), {
      n: 1,
      k: 32,
      format: 'mxfp4',
    })
    expect(tensor.scales).toEqual(Uint8Array.of(127))
    expect([...toCompressedTensors(tensor).weightPacked.subarray(0, 8)]).toEqual(expected)
  })
})

const shapes = fc.record({
  experts: fc.integer({ min: 1, max: 3 }),
  n: fc.integer({ min: 1, max: 20 }),
  blocks: fc.integer({ min: 1, max: 2 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
})

function tensorOf(format: 'mxfp4' | 'nvfp4', experts: number, n: number, k: number, seed: number): QuantizedTensor {
  return quantize(normal(experts * n * k, seed), { experts, n, k, format })
}

describe('conversions', () => {
  it('come back the same from every layout, and between any two', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom('mxfp4', 'nvfp4'), ({ experts, n, blocks, seed }, format) => {
        const quantized = tensorOf(format, experts, n, 64 * blocks, seed)
        // A power of two has a reciprocal, and folds into E4M3 scales that are not its smallest or largest.
        const globalScales = quantized.globalScales.map(() => 1)
        const tensor = { ...quantized, globalScales }
        const made = [toGguf(tensor), toMlx(tensor), toCompressedTensors(tensor),
          ...(format === 'mxfp4' ? [toGptOss(tensor)] : [toModelOpt(tensor)])] // prettier-ignore
        const back = [fromGguf(toGguf(tensor)), fromMlx(toMlx(tensor)), fromCompressedTensors(toCompressedTensors(tensor)),
          format === 'mxfp4' ? fromGptOss(toGptOss(tensor)) : fromModelOpt(toModelOpt(tensor))] // prettier-ignore
        for (const result of back) expect(result).toEqual(tensor)
        for (const source of made) {
          for (const target of made) expect(convertLayout(source, target.layout)).toEqual(target)
        }
      }),
      { numRuns: 12 },
    )
  })
  it('keep the global scale: GGUF and ModelOpt exactly, compressed-tensors where it has a reciprocal', () => {
    let exact = 0
    for (let seed = 0; seed < 60; seed++) {
      const tensor = tensorOf('nvfp4', 2, 3, 64, seed)
      expect(fromGguf(toGguf(tensor))).toEqual(tensor)
      expect(fromModelOpt(toModelOpt(tensor))).toEqual(tensor)
      const nearest = toCompressedTensors(tensor, { globalScale: 'nearest' })
      for (const [i, scale] of (nearest.weightGlobalScale ?? one).entries()) {
        expect(Math.abs(1 / scale / tensor.globalScales[i] - 1)).toBeLessThanOrEqual(2 ** -23)
      }
      try {
        expect(fromCompressedTensors(toCompressedTensors(tensor))).toEqual(tensor)
        exact++
      } catch (error) {
        expect(error).toBeInstanceOf(LayoutError)
        expect((error as Error).message).toMatch(/expected a global scale that is a reciprocal in float32.*'nearest'/)
      }
    }
    expect(exact).toBeGreaterThan(10)
    expect(exact).toBeLessThan(60)
  })
  it('fold the global scale for MLX where that is exact', () => {
    const base = tensorOf('nvfp4', 1, 8, 64, 1)
    const tensor = { ...base, globalScales: Float32Array.of(0.25) }
    const folded = toMlx(tensor)
    expect(folded.sqnrDb).toBe(Infinity)
    expect(dequantize(fromMlx(folded))).toEqual(dequantize(tensor))
    expect(() => toMlx(base)).toThrow(
      /\[toMlx\] expected a global scale that multiplies .* exactly .*'requantize'.*'keep'/,
    )
  })
  it('requantize for MLX with the error that it says', () => {
    const tensor = tensorOf('nvfp4', 2, 32, 128, 2)
    const mlx = toMlx(tensor, { globalScale: 'requantize' })
    const { sqnrDb } = measureError(dequantize(tensor), dequantize(fromMlx(mlx)))
    expect(mlx.sqnrDb).toBeCloseTo(sqnrDb, 3)
    expect(sqnrDb).toBeGreaterThan(20)
  })
  it('keep the global scale for MLX in its convention', () => {
    const tensor = tensorOf('nvfp4', 1, 8, 64, 3)
    const mlx = toMlx(tensor, { globalScale: 'keep' })
    expect(mlx.globalScale?.[0]).toBeCloseTo(tensor.globalScales[0] * 2688, 4)
    expect(fromMlx(mlx)).toEqual(tensor)
  })
  it('are the same when they yield', async () => {
    const tensor = { ...tensorOf('nvfp4', 2, 33, 128, 4), globalScales: Float32Array.of(1, 1) }
    for (const layout of layoutNames.filter((name) => name !== 'gpt-oss')) {
      const made = await toLayoutAsync(tensor, layout)
      expect(made.layout).toBe(layout)
      expect(await fromLayoutAsync(made)).toEqual(tensor)
    }
    const mx = tensorOf('mxfp4', 1, 5, 64, 5)
    expect(await toLayoutAsync(mx, 'gpt-oss')).toEqual(toGptOss(mx))
    expect(await convertLayoutAsync(toGguf(mx), 'mlx')).toEqual(toMlx(mx))
  })
  it('stop when aborted, and report', () => {
    const tensor = tensorOf('mxfp4', 1, 64, 64, 6)
    const reason = new Error('enough')
    expect(() => toGguf(tensor, { signal: AbortSignal.abort(reason) })).toThrow(reason)
    const seen: number[] = []
    toGptOss(tensor, { onProgress: (done, total) => seen.push(done / total) })
    expect(seen.at(-1)).toBe(1)
  })
})

describe('experts, parts and ragged widths', () => {
  it('cuts experts and parts and joins them again', () => {
    const values = normal(2 * 60 * 40, 7)
    const tensor = quantize(values, { experts: 2, n: 60, k: 40, format: 'nvfp4', parts: [30, 20, 10] })
    expect(joinExperts(splitExperts(tensor))).toEqual(tensor)
    expect(joinParts(splitParts(tensor))).toEqual(tensor)
    const second = splitParts(splitExperts(tensor)[1])[1]
    expect(dequantize(second)).toEqual(dequantize(tensor).slice((60 + 30) * 40, (60 + 50) * 40))
    expect(() => joinParts([tensor, second])).toThrow(/expected tensors of experts 2, got 1 at index 1/)
    expect(() => toModelOpt(padK(tensor, 16))).toThrow(/one global scale for all parts.*splitParts/)
  })
  it('joins experts of the same parts only, however many there are', () => {
    const [left, right] = [[20, 40], [40, 20]].map((last) => {
      const parts = [...Array<number>(9).fill(1), ...last]
      return quantize(normal(69 * 16, 7), { n: 69, k: 16, format: 'nvfp4', parts })
    }) // prettier-ignore
    expect(joinExperts([left, left])).toMatchObject({ experts: 2, parts: left.parts })
    expect(() => joinExperts([left, right])).toThrow(/expected tensors of parts \[1, .*, got others at index 1\./)
  })
  it.each([
    ['mxfp4', 32],
    ['nvfp4', 64],
  ] as const)('widens a ragged K with zeros, which go again: %s', (format, multiple) => {
    const values = normal(5 * 83, 8)
    const tensor = quantize(values, { n: 5, k: 83, format })
    expect(() => toGguf(tensor)).toThrow(
      `[toGguf] expected K to be a multiple of ${multiple}, got 83. Widen it with padK(tensor, ${multiple})`,
    )
    const wide = padK(tensor, multiple)
    const shown = dequantize(wide)
    for (let row = 0; row < 5; row++) {
      expect(shown.slice(row * wide.k, row * wide.k + 83)).toEqual(dequantize(tensor).slice(row * 83, (row + 1) * 83))
      expect(shown.slice(row * wide.k + 83, (row + 1) * wide.k)).toEqual(new Float32Array(wide.k - 83))
    }
    expect(fromGguf(toGguf(wide), { k: 83 })).toEqual(tensor)
    expect(padK(tensor, 83)).toBe(tensor)
  })
  it('takes the sizes of parts', () => {
    const tensor = quantize(normal(6 * 32, 9), { n: 6, k: 32, format: 'mxfp4', parts: [4, 2] })
    expect(fromGptOss(toGptOss(tensor), { parts: [4, 2] })).toEqual(tensor)
  })
})

describe('what a layout cannot hold', () => {
  const fp4 = quantize(normal(2 * 64, 10), { n: 2, k: 64, format: 'fp4', groupSize: 32 })
  const mxfp4 = tensorOf('mxfp4', 1, 2, 64, 11)
  const nvfp4 = tensorOf('nvfp4', 1, 2, 64, 11)
  const nan = { ...mxfp4, scales: mxfp4.scales.map((code, i) => (i === 1 ? 0xff : code)) }
  const negative = { ...nvfp4, scales: nvfp4.scales.map((code, i) => (i === 3 ? code | 0x80 : code)) }
  it.each<[string, () => unknown, RegExp]>([
    ['half scales', () => toMlx(fp4), /\[toMlx\] expected an mxfp4 or nvfp4 tensor, got fp4 \(half scales\).*mxfp4/],
    [
      'mxfp4 for ModelOpt',
      () => toModelOpt(mxfp4),
      /\[toModelOpt\] expected an nvfp4 tensor, got mxfp4.*toCompressedTensors/,
    ],
    ['nvfp4 for gpt-oss', () => toGptOss(nvfp4), /\[toGptOss\] expected an mxfp4 tensor, got nvfp4.*toModelOpt/],
    [
      'a NaN scale',
      () => toGptOss(nan),
      /scale codes of 0..0xfe, as gpt-oss reads 0xff as 2\^128, got 0xff \(expert 0, row 1, group 0\)/,
    ],
    ['a NaN scale for GGUF', () => toGguf(nan), /ggml reads 0xff as 2\^128/],
    ['a negative scale for GGUF', () => toGguf(negative), /ggml has neither a sign nor NaN/],
    [
      'an unknown rule',
      () => toMlx(nvfp4, { globalScale: 'drop' as never }),
      /globalScale 'fold', 'requantize' or 'keep', got "drop"/,
    ],
    ['no tensor', () => toMlx(undefined as never), /expected a QuantizedTensor, got undefined/],
    [
      'an unknown layout',
      () => convertLayout(toGptOss(mxfp4), 'ggml' as never),
      /a layout of mlx, gguf, .*, got "ggml"/,
    ],
    [
      'arrays of no layout',
      () => convertLayout({} as never, 'mlx'),
      /a tensor whose layout is one of .*, got undefined/,
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message)
  })
  it.each<[string, () => unknown, RegExp]>([
    [
      'short blocks',
      () => fromGguf({ type: 'MXFP4', n: 2, k: 32, blocks: new Uint8Array(33) }),
      /blocks to be Uint8Array\(34\), got Uint8Array\(33\)/,
    ],
    [
      'another type',
      () => fromGguf({ type: 'Q4_0' as never, n: 1, k: 32, blocks: new Uint8Array(18) }),
      /type 'MXFP4' or 'NVFP4', got "Q4_0"/,
    ],
    [
      'a wrong kind of array',
      () => fromGptOss({ n: 1, k: 32, blocks: new Int8Array(16) as never, scales: new Uint8Array(1) }),
      /blocks to be Uint8Array\(16\), got Int8Array\(16\)/,
    ],
    [
      'a ragged width',
      () => fromGptOss({ n: 1, k: 40, blocks: new Uint8Array(20), scales: new Uint8Array(2) }),
      /K to be a multiple of 32, got 40/,
    ],
    [
      'no width',
      () => fromMlx({ mode: 'mxfp4', n: 1, k: -32, weight: new Uint32Array(4), scales: new Uint8Array(1) }),
      /k to be a positive integer, got -32/,
    ],
    [
      'a global scale of 0',
      () =>
        fromModelOpt({
          n: 1,
          k: 16,
          weight: new Uint8Array(8),
          weightScale: new Uint8Array(1),
          weightScale2: Float32Array.of(0),
        }),
      /weightScale2 above 0, got 0 for expert 0/,
    ],
    [
      'a global scale for MXFP4',
      () => fromGguf({ type: 'MXFP4', n: 1, k: 32, blocks: new Uint8Array(17), scale: one }),
      /no scale for MXFP4, got Float32Array\(1\)/,
    ],
    [
      'a NaN scale of MXFP4',
      () => fromGptOss({ n: 1, k: 32, blocks: new Uint8Array(16), scales: Uint8Array.of(0xff) }),
      /0xff as 2\^128/,
    ],
    [
      'a width beyond the stored one',
      () => fromGptOss({ n: 1, k: 32, blocks: new Uint8Array(16), scales: Uint8Array.of(1) }, { k: 33 }),
      /k of 1..32, the stored width, got 33/,
    ],
    [
      'parts that do not fit',
      () => fromGptOss({ n: 1, k: 32, blocks: new Uint8Array(16), scales: Uint8Array.of(1) }, { parts: [2] }),
      /parts that sum to n = 1/,
    ],
    ['nothing', () => fromGptOss(undefined as never), /an object with sizes and arrays, got undefined/],
  ])('or arrays that are none: %s', (_, act, message) => {
    expect(act).toThrow(message)
    expect(act).toThrow(/^\[from\w+\] expected .*, got .*\. /)
  })
  it('has a class and a code', () => {
    expect(LayoutError.prototype).toBeInstanceOf(Error)
    try {
      toMlx(fp4)
    } catch (error) {
      expect(error).toMatchObject({ name: 'LayoutError', code: 'ERR_FP4_QUANT_LAYOUT' })
    }
  })
})
