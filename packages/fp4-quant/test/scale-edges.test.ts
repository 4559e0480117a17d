/** Layer 1 for scales: every edge of the three scale formats, written out, and what happens to the values there. */
import { describe, expect, it } from 'vitest'
import { type Fp4Format, type QuantizeOptions, dequantize, quantize } from '../src/index.js'

const largestFloat = (2 - 2 ** -23) * 2 ** 127

/** One row quantized. */
function row(values: number[], format: Fp4Format, options: Partial<QuantizeOptions> = {}): ReturnType<typeof quantize> {
  return quantize(Float32Array.from(values), { n: 1, k: values.length, format, ...options })
}

/** Scale code and values of one group with this largest magnitude. */
function group(absmax: number, format: Fp4Format, scales: 'absmax' | 'mse' = 'absmax'): [number, number] {
  const tensor = row([absmax, ...Array<number>(15).fill(0)], format, { scales })
  return [tensor.scales[0], dequantize(tensor)[0]]
}

describe('fp4: half scales', () => {
  it.each([
    // absmax, scale code, dequantized
    [6, 0x3c00, 6],
    [6 * 65504, 0x7bff, 6 * 65504],
    [6 * 65519, 0x7bff, 6 * 65504],
    [6 * 65520, 0x7bff, 6 * 65504], // absmax / 6 is beyond the largest half: it saturates
    [1e30, 0x7bff, 6 * 65504],
    [largestFloat, 0x7bff, 6 * 65504],
    [6 * (1 + 2 ** -11), 0x3c00, 6], // a tie goes to the even code
    [6 * (1 + 3 * 2 ** -11), 0x3c02, 6 * (1 + 2 ** -9)],
    [6 * 2 ** -14, 0x0400, 6 * 2 ** -14], // the smallest normal half
    [6 * 1000.2 * 2 ** -24, 1001, 6 * 1001 * 2 ** -24], // subnormal: rounded up, nothing clips
    [6 * 1.4 * 2 ** -24, 2, 8 * 2 ** -24], // to the nearest it would clip 8.4 to 6
    [6 * 2 ** -24, 1, 6 * 2 ** -24], // the smallest half
    [6 * 0.4 * 2 ** -24, 1, 2 * 2 ** -24], // to the nearest the scale would be 0; 2.4 units are nearest to 2
    [0.5 * 2 ** -24, 1, 0.5 * 2 ** -24],
    [0.25 * 2 ** -24, 1, 0], // half of the smallest product ties to zero
    [2 ** -149, 1, 0],
  ])('absmax %d has scale 0x%x and comes back as %d', (absmax, code, value) => {
    expect(group(Math.fround(absmax), 'fp4')).toEqual([code, value])
  })
  it('mse keeps to the representable scales at both ends', () => {
    expect(group(largestFloat, 'fp4', 'mse')).toEqual([0x7bff, 6 * 65504])
    expect(group(2 ** -149, 'fp4', 'mse')).toEqual([1, 0])
  })
})

describe('mxfp4: E8M0 scales', () => {
  it.each([
    [4, 127, 4],
    [5, 127, 4], // ties to the even code
    [5.01, 127, 6],
    [7.99, 127, 6], // the floor rule clips what lies between 6 and 8
    [8, 128, 8],
    [3.99, 126, 3],
    [largestFloat, 252, 1.5 * 2 ** 127],
    [2 ** 127, 252, 2 ** 127],
    [2 ** -124, 1, 2 ** -124],
    [2 ** -125, 0, 2 ** -125], // the smallest scale
    [2 ** -126, 0, 2 ** -126],
    [2 ** -128, 0, 2 ** -128],
    [2 ** -129, 0, 0],
    [2 ** -149, 0, 0],
  ])('absmax %d has scale %i and comes back as %d', (absmax, code, value) => {
    expect(group(Math.fround(absmax), 'mxfp4')).toEqual([code, value])
  })
  it('mse takes the better of three exponents', () => {
    expect(group(7.99, 'mxfp4', 'mse')).toEqual([128, 8])
    expect(group(Math.fround(3.3), 'mxfp4', 'mse')[0]).toBe(126)
    expect(group(4, 'mxfp4', 'mse')).toEqual([127, 4])
  })
  it('mse leaves every value finite', () => {
    expect(group(largestFloat, 'mxfp4', 'mse')).toEqual([252, 1.5 * 2 ** 127])
    expect(group(2 ** -149, 'mxfp4', 'mse')).toEqual([0, 0])
  })
})

describe('nvfp4: E4M3 scales under a global scale', () => {
  /** Scale and largest value of a second group beside one that sets the global scale to 1. */
  const second = (absmax: number): [number, number] => {
    const values = Array<number>(32).fill(0)
    values[0] = 6 * 448
    values[16] = absmax
    const tensor = row(values, 'nvfp4')
    expect(tensor.globalScales[0]).toBe(1)
    expect(tensor.scales[0]).toBe(0x7e)
    return [tensor.scales[1], dequantize(tensor)[16]]
  }
  it.each([
    [6 * 448, 0x7e, 6 * 448],
    [6 * 432, 0x7e, 6 * 448], // a tie between 416 and 448 goes to the even code
    [6, 0x38, 6],
    [6 * 1.0625, 0x38, 6], // a tie
    [6 * 1.1875, 0x3a, 7.5], // a tie
    [6 * 2 ** -6, 0x08, 6 * 2 ** -6], // the smallest normal E4M3
    [6 * 2 ** -7, 0x04, 6 * 2 ** -7],
    [6 * 1.4 * 2 ** -9, 2, 8 * 2 ** -9], // subnormal: rounded up, nothing clips
    [6 * 2 ** -9, 1, 6 * 2 ** -9],
    [6 * 0.4 * 2 ** -9, 1, 2 * 2 ** -9], // to the nearest the scale would be 0
    [1e-30, 1, 0],
  ])('absmax %d has scale 0x%x and comes back as %d', (absmax, code, value) => {
    expect(second(Math.fround(absmax))).toEqual([code, value])
  })
  it.each([1, 3, 0.1, 1e-30, 1e30])('the global scale is absmax / 2688 in float32: %d', (absmax) => {
    const value = Math.fround(absmax)
    const tensor = row([value, ...Array<number>(15).fill(0)], 'nvfp4')
    expect(tensor.globalScales[0]).toBe(Math.fround(value / 2688))
    expect(dequantize(tensor)[0] / value).toBeCloseTo(1, 6)
  })
  it('never overflows', () => {
    for (const scales of ['absmax', 'mse'] as const) {
      for (let step = 0; step < 50; step++) {
        const [, value] = group(largestFloat * (1 - step * 2 ** -24), 'nvfp4', scales)
        expect(value / largestFloat).toBeCloseTo(1, 4)
        expect(value).toBeLessThanOrEqual(largestFloat)
      }
    }
  })
  it('has no subnormal global scale', () => {
    const tensor = row([1e-36, -1e-37, ...Array<number>(14).fill(0)], 'nvfp4')
    expect(tensor.globalScales[0]).toBe(2 ** -126)
    expect(dequantize(tensor)[0] / 1e-36).toBeCloseTo(1, 1)
    expect(group(2 ** -149, 'nvfp4')).toEqual([1, 0])
  })
})

describe.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s', (format) => {
  const sized = format === 'fp4' ? { groupSize: 32 } : {}
  it.each(['absmax', 'mse'] as const)('a group of zeros is exactly 0 (%s)', (scales) => {
    const zeros = row(Array<number>(32).fill(-0), format, { scales })
    expect([...zeros.packed, ...zeros.scales].every((value) => value === 0)).toBe(true)
    expect([...dequantize(zeros)]).toEqual(Array<number>(32).fill(0))
    expect([...zeros.globalScales]).toEqual([1])
    // And beside a group that is not zero.
    const options = { scales, ...sized }
    const mixed = row([...Array<number>(32).fill(0), 5, ...Array<number>(31).fill(1)], format, options)
    expect(mixed.scales[0]).toBe(0)
    expect([...dequantize(mixed).subarray(0, 32)]).toEqual(Array<number>(32).fill(0))
  })
  it('what rounds to zero keeps its sign', () => {
    const tensor = row([6, -0.01, 0.01, -0, 0, ...Array<number>(11).fill(1)], format)
    expect(tensor.packed[0] & 0xfffff).toBe(0x08087)
    expect([...dequantize(tensor).subarray(1, 5)]).toEqual([0, 0, 0, 0].map((zero, i) => (i % 2 === 0 ? -zero : zero)))
  })
  it('ties go to the even code, both signs, and the neighbours of a tie to nearest', () => {
    const ties = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5]
    for (const scale of [1, 2 ** -7, 2 ** 9]) {
      // For nvfp4 a first group makes the global scale equal to `scale`, so that the E4M3 scale of the second is 1.
      const first = format === 'nvfp4' ? [2688 * scale, ...Array<number>(15).fill(0)] : []
      for (const sign of [1, -1]) {
        const at = ties.map((tie) => sign * tie * scale)
        const codes = (values: number[]): number[] => {
          const tensor = row([...first, ...values, 6 * scale, ...Array<number>(8).fill(0)], format, sized)
          return values.map((_, i) => (tensor.packed[(first.length + i) >> 3] >>> (4 * (i & 7))) & 7)
        }
        expect(codes(at)).toEqual([0, 2, 2, 4, 4, 6, 6])
        expect(codes(at.map((value) => value * (1 - 2 ** -23)))).toEqual([0, 1, 2, 3, 4, 5, 6])
        expect(codes(at.map((value) => value * (1 + 2 ** -23)))).toEqual([1, 2, 3, 4, 5, 6, 7])
      }
    }
  })
})
