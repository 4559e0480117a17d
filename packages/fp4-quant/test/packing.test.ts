/** Where every code and scale goes. */
import { describe, expect, it } from 'vitest'
import {
  type Fp4Format,
  arrayLengths,
  checkTensor,
  dequantize,
  encodeE2M1,
  float32ToBfloat16Array,
  float32ToHalfArray,
  floatToHalf,
  halfToFloat32Array,
  bfloat16ToFloat32Array,
  quantize,
  tensorBytes,
} from '../src/index.js'
import { normal } from './random.js'
import { codeAt, scaleAt } from './reference.js'

const formats: Fp4Format[] = ['fp4', 'mxfp4', 'nvfp4']

describe('packing', () => {
  it('[K/8, N] packing with group 128', () => {
    const n = 3
    const k = 256
    // Every group holds a 6 (times its scale), so that the scale is known: row + 1 in the first group, half of it in the second.
    const scaleOf = (row: number, column: number): number => (row + 1) / (column < 128 ? 1 : 2)
    const elements = [6, -0.5, 1, -1.5, 2, -3, 4, 0, -6, 0.5, -1, 1.5, -2, 3, -4]
    const elementOf = (row: number, column: number): number => elements[(row + column) % 15]
    const values = Float32Array.from({ length: n * k }, (_, i) => {
      const row = Math.floor(i / k)
      return elementOf(row, i % k) * scaleOf(row, i % k)
    })
    const tensor = quantize(values, { n, k, format: 'fp4', groupSize: 128 })

    expect(tensor).toMatchObject({ format: 'fp4', layout: 'kn', experts: 1, n, k, groupSize: 128, parts: [n] })
    expect(tensor.packed).toBeInstanceOf(Uint32Array)
    expect(tensor.packed).toHaveLength((k / 8) * n)
    expect(tensor.scales).toEqual(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x3800, 0x3c00, 0x3e00)) // 1 2 3, 0.5 1 1.5
    expect(tensor.globalScales).toEqual(Float32Array.of(1))
    expect(tensor.packed[0]).toBe(0x06d4b297) // row 0: 6 -0.5 1 -1.5 2 -3 4 0, the first in the lowest bits
    expect(tensor.packed[1]).toBe(0xf06d4b29) // row 1 begins one element later
    for (let k8 = 0; k8 < k / 8; k8++) {
      for (let row = 0; row < n; row++) {
        let word = 0
        for (let i = 7; i >= 0; i--) word = word * 16 + encodeE2M1(elementOf(row, k8 * 8 + i))
        expect(tensor.packed[k8 * n + row]).toBe(word)
      }
    }
    expect(dequantize(tensor)).toEqual(values)
    expect(tensorBytes(tensor)).toBe((n * k) / 2 + 6 * 2 + 4)
  })

  it('pads K to 8 with zero codes and keeps a ragged last group', () => {
    for (const format of formats) {
      const k = 37
      const tensor = quantize(normal(5 * k, 3), { n: 5, k, format, ...(format === 'fp4' && { groupSize: 16 }) })
      expect(tensor.packed).toHaveLength(5 * 5)
      expect(tensor.scales).toHaveLength((format === 'mxfp4' ? 2 : 3) * 5)
      for (let row = 0; row < 5; row++) {
        for (let column = k; column < 40; column++) expect(codeAt(tensor, 0, row, column)).toBe(0)
      }
      expect(dequantize(tensor)).toHaveLength(5 * k)
    }
  })

  it.each([16, 20, 31, 32, 64, 100, 128, 1000])('fp4 takes any group: %i of K = 300', (groupSize) => {
    const k = 300
    const n = 19
    const values = normal(n * k, groupSize)
    const tensor = quantize(values, { n, k, format: 'fp4', groupSize })
    const groups = Math.ceil(k / groupSize)
    expect(tensor.scales).toHaveLength(groups * n)
    for (let row = 0; row < n; row++) {
      for (let group = 0; group < groups; group++) {
        const part = values.subarray(row * k + group * groupSize, row * k + Math.min((group + 1) * groupSize, k))
        const absmax = Math.max(...part.map(Math.abs))
        expect(scaleAt(tensor, 0, row, group)).toBe(floatToHalf(absmax / 6))
      }
    }
  })

  it('takes K below 16 as one group', () => {
    const values = Float32Array.of(6, -3, 0.5, 4, 1, -1.5, 2, 0, 3, 3, -6, 4)
    const tensor = quantize(values, { n: 2, k: 6, format: 'fp4', groupSize: 6 })
    expect(tensor.scales).toEqual(Uint16Array.of(0x3c00, 0x3c00))
    expect(dequantize(tensor)).toEqual(values)
  })

  it.each(formats)('%s: experts [E, N, K] are matrices one after the other', (format) => {
    const [experts, n, k] = [3, 18, 72]
    const values = normal(experts * n * k, 7)
    for (const scales of ['absmax', 'mse'] as const) {
      const all = quantize(values, { experts, n, k, format, scales })
      expect(arrayLengths(all)).toEqual({
        packed: all.packed.length,
        scales: all.scales.length,
        globalScales: all.globalScales.length,
      })
      const singles = Array.from({ length: experts }, (_, e) =>
        quantize(values.subarray(e * n * k, (e + 1) * n * k), { n, k, format, scales }),
      )
      expect([...all.packed]).toEqual(singles.flatMap((one) => [...one.packed]))
      expect([...all.scales]).toEqual(singles.flatMap((one) => [...one.scales]))
      expect([...all.globalScales]).toEqual(singles.flatMap((one) => [...one.globalScales]))
      expect([...dequantize(all)]).toEqual(singles.flatMap((one) => [...dequantize(one)]))
    }
  })

  it('nvfp4 has a global scale for each expert and fused part, and equals the parts alone', () => {
    const [experts, k] = [2, 48]
    const parts = [5, 20, 1]
    const n = 26
    const values = normal(experts * n * k, 11).map((value, i) => value * (1 + (Math.floor(i / k) % n)))
    const fused = quantize(values, { experts, n, k, format: 'nvfp4', parts })
    expect(fused.globalScales).toHaveLength(experts * parts.length)
    const alone: number[] = []
    const globals: number[] = []
    for (let expert = 0, row = 0; expert < experts; expert++) {
      for (const size of parts) {
        const one = quantize(values.subarray(row * k, (row + size) * k), { n: size, k, format: 'nvfp4' })
        globals.push(one.globalScales[0])
        alone.push(...dequantize(one))
        row += size
      }
    }
    expect([...fused.globalScales]).toEqual(globals)
    expect([...dequantize(fused)]).toEqual(alone)
    expect([...quantize(values, { experts, n, k, format: 'mxfp4', parts }).globalScales]).toEqual([1, 1, 1, 1, 1, 1])
  })

  it.each(formats)('%s: half and bfloat16 bits give what their float32 values give', (format) => {
    const [n, k] = [21, 80]
    const values = normal(n * k, 5)
    const half = float32ToHalfArray(values)
    const bfloat16 = float32ToBfloat16Array(values)
    const options = { n, k, format, scales: 'mse' } as const
    expect(quantize({ type: 'half', bits: half }, options)).toEqual(quantize(halfToFloat32Array(half), options))
    const rounded = bfloat16ToFloat32Array(bfloat16)
    expect(quantize({ type: 'bfloat16', bits: bfloat16 }, options)).toEqual(quantize(rounded, options))
  })

  it('reads a view into a larger buffer, and leaves it as it was', () => {
    const buffer = normal(200, 9)
    const before = buffer.slice()
    const options = { n: 3, k: 32, format: 'nvfp4', scales: 'mse' } as const
    expect(quantize(buffer.subarray(7, 103), options)).toEqual(quantize(buffer.slice(7, 103), options))
    expect(buffer).toEqual(before)
  })

  it('makes tensors that pass their own check', () => {
    for (const format of formats) checkTensor(quantize(normal(48, 1), { n: 2, k: 24, format }))
  })
})
