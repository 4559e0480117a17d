/** Bad input is an error that says what was expected, what came, and what to do. */
import { describe, expect, it } from 'vitest'
import {
  QuantizationError,
  type QuantizeOptions,
  type QuantizedTensor,
  type WeightValues,
  checkTensor,
  dequantize,
  quantize,
  toFloat32Array,
} from '../src/index.js'
import { normal } from './random.js'

const values = new Float32Array(64).fill(1)
const good: QuantizeOptions = { n: 2, k: 32, format: 'fp4' }

describe('quantize refuses', () => {
  it.each([
    [{ format: 'fp5' }, `[quantize] expected format 'fp4', 'mxfp4' or 'nvfp4', got "fp5". Pass one of these names.`],
    [{ format: 'toString' }, `got "toString".`],
    [{ n: 0 }, '[quantize] expected n to be a positive integer, got 0.'],
    [{ k: 3.5 }, '[quantize] expected k to be a positive integer, got 3.5.'],
    [{ k: '32' }, '[quantize] expected k to be a positive integer, got "32".'],
    [{ experts: -1 }, '[quantize] expected experts to be a positive integer, got -1.'],
    [{ groupSize: 8 }, '[quantize] expected groupSize to be an integer of 16..K (K is 32), got 8.'],
    [{ groupSize: 16.5 }, '[quantize] expected groupSize to be an integer of 16..K (K is 32), got 16.5.'],
    [{ groupSize: NaN }, 'got NaN.'],
    [{ format: 'mxfp4', groupSize: 16 }, '[quantize] expected groupSize 32 for mxfp4, got 16.'],
    [{ format: 'nvfp4', groupSize: 32 }, '[quantize] expected groupSize 16 for nvfp4, got 32.'],
    [{ scales: 'max' }, `[quantize] expected scales 'absmax' or 'mse', got "max".`],
    [{ parts: [1, 2] }, '[quantize] expected parts that sum to n = 2, got [1, 2], which sums to 3.'],
    [{ parts: [] }, '[quantize] expected parts to be positive integers, got [].'],
    [{ parts: [3, -1] }, '[quantize] expected parts to be positive integers, got [3, -1].'],
    [{ parts: 2 }, '[quantize] expected parts to be positive integers, got 2.'],
    [{ onProgress: true }, '[quantize] expected onProgress to be a function, got true.'],
    [{ k: 33 }, '[quantize] expected 66 values for [2, 33], got 64. The input is row-major [N, K] or [E, N, K].'],
    [{ experts: 2 }, '[quantize] expected 128 values for [2, 2, 32], got 64.'],
  ])('%o', (change, message) => {
    const options = { ...good, ...change } as QuantizeOptions
    expect(() => quantize(values, options)).toThrow(message)
    expect(() => quantize(values, options)).toThrow(QuantizationError)
  })

  it.each([
    [null, 'got null'],
    [[1, 2], 'got [1, 2]'],
    [new Float64Array(64), 'got Float64Array(64)'],
    [new Uint16Array(64), 'got Uint16Array(64)'],
    [{ type: 'half', bits: new Uint8Array(128) }, 'got { type: "half", bits: Uint8Array(128) }'],
    [{ type: 'float8', bits: new Uint16Array(64) }, 'got { type: "float8", bits: Uint16Array(64) }'],
  ])('values %o', (bad, message) => {
    const expected = `[quantize] expected a Float32Array or { type: 'half' | 'bfloat16', bits: Uint16Array }, ${message}`
    expect(() => quantize(bad as WeightValues, good)).toThrow(expected)
  })

  it('options that are none', () => {
    expect(() => quantize(values, undefined as unknown as QuantizeOptions)).toThrow('got undefined')
  })

  it.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s: values that are not finite, naming the index', (format) => {
    for (const [bad, bits] of [
      [NaN, 0x7fc0],
      [-Infinity, 0xff80],
      [Infinity, 0x7f80],
    ]) {
      const message = `[quantize] expected finite values, got ${bad} at index 37 (row 1, column 5 of [E * N, K]).`
      const broken = values.map((value, i) => (i >= 37 ? bad : value))
      expect(() => quantize(broken, { ...good, format })).toThrow(message)
      const halves = new Uint16Array(64).fill(0x3f80)
      halves[37] = bits
      expect(() => quantize({ type: 'bfloat16', bits: halves }, { ...good, format })).toThrow(message)
    }
    const half = { type: 'half', bits: new Uint16Array(64).fill(0xfc00) } as const
    expect(() => quantize(half, { ...good, format })).toThrow('got -Infinity at index 0 (row 0, column 0')
  })
})

describe('a group larger than K', () => {
  it.each([65, 2 ** 31, 2 ** 32, 2 ** 32 + 16, 2 ** 33, Number.MAX_SAFE_INTEGER])('of %i is the row', (groupSize) => {
    const [n, k] = [5, 64]
    const rows = normal(n * k, 3)
    for (const scales of ['absmax', 'mse'] as const) {
      const { groupSize: asked, ...tensor } = quantize(rows, { n, k, format: 'fp4', scales, groupSize })
      const { groupSize: _, ...expected } = quantize(rows, { n, k, format: 'fp4', scales, groupSize: k })
      expect(asked).toBe(groupSize)
      expect(tensor).toEqual(expected)
    }
  })
})

describe('dequantize refuses', () => {
  const tensor = quantize(values, good)
  it.each([
    [{ packed: new Uint32Array(7) }, '[dequantize] expected packed to be Uint32Array(8), got Uint32Array(7).'],
    [{ packed: new Uint8Array(32) }, '[dequantize] expected packed to be Uint32Array(8), got Uint8Array(32).'],
    [{ scales: new Uint8Array(2) }, '[dequantize] expected scales to be Uint16Array(2), got Uint8Array(2).'],
    [{ scales: new Uint16Array(4) }, '[dequantize] expected scales to be Uint16Array(2), got Uint16Array(4).'],
    [{ globalScales: new Float32Array(2) }, '[dequantize] expected globalScales to be Float32Array(1)'],
    [{ globalScales: Float32Array.of(2) }, '[dequantize] expected globalScales of 1 for fp4, got 2 at index 0.'],
    [{ layout: 'nk' }, `[dequantize] expected layout 'kn', got "nk".`],
    [{ groupSize: 4 }, '[dequantize] expected groupSize to be an integer of 16..K'],
    [{ parts: [1] }, '[dequantize] expected parts that sum to n = 2, got [1], which sums to 1.'],
  ])('%o', (change, message) => {
    expect(() => dequantize({ ...tensor, ...change } as QuantizedTensor)).toThrow(message)
  })
  it.each([0, -1, NaN, Infinity])('a global scale of %d', (scale) => {
    const nvfp4 = quantize(values, { n: 2, k: 32, format: 'nvfp4', parts: [1, 1] })
    const message = `[dequantize] expected globalScales that are finite and above 0, got ${scale} at index 1.`
    expect(() => dequantize({ ...nvfp4, globalScales: Float32Array.of(1, scale) })).toThrow(message)
    const mxfp4 = quantize(values, { ...good, format: 'mxfp4' })
    expect(() => dequantize({ ...mxfp4, globalScales: Float32Array.of(scale) })).toThrow('globalScales of 1 for mxfp4')
  })
  it('what is no tensor', () => {
    expect(() => dequantize(null as unknown as QuantizedTensor)).toThrow('expected a QuantizedTensor, got null')
    expect(() => checkTensor({} as QuantizedTensor)).toThrow("[checkTensor] expected layout 'kn', got undefined.")
  })
  it('and toFloat32Array what are no values', () => {
    expect(() => toFloat32Array(5 as unknown as Float32Array)).toThrow('[toFloat32Array] expected a Float32Array')
    expect(toFloat32Array(values)).toBe(values)
  })
})

describe('progress and abort', () => {
  const options: QuantizeOptions = { experts: 2, n: 500, k: 16, format: 'mxfp4' }
  const ones = new Float32Array(16000).fill(1)
  it('reports rising counts of rows and ends with all', () => {
    const calls: [number, number][] = []
    quantize(ones, { ...options, onProgress: (done, total) => calls.push([done, total]) })
    expect(calls.length).toBeGreaterThan(20)
    expect(calls.length).toBeLessThanOrEqual(101)
    expect(calls.every(([done, total], i) => total === 1000 && done > (i > 0 ? calls[i - 1][0] : 0))).toBe(true)
    expect(calls.at(-1)).toEqual([1000, 1000])
  })
  it('throws the reason of an aborted signal, before and during the work', () => {
    expect(() => quantize(ones, { ...options, signal: AbortSignal.abort(new Error('no')) })).toThrow('no')
    const controller = new AbortController()
    let calls = 0
    const onProgress = (): void => {
      if (++calls === 3) controller.abort(new Error('enough'))
    }
    expect(() => quantize(ones, { ...options, onProgress, signal: controller.signal })).toThrow('enough')
    expect(calls).toBe(3)
  })
})
