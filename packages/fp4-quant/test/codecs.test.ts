/** Layer 1: every code and every edge of the number formats, against tables written out here. */
import { describe, expect, it } from 'vitest'
import {
  QuantizationError,
  bfloat16ToFloat,
  bfloat16ToFloat32Array,
  decodeE2M1,
  decodeE4M3,
  decodeE8M0,
  encodeE2M1,
  encodeE4M3,
  encodeE8M0,
  float32ToBfloat16Array,
  float32ToHalfArray,
  floatToBfloat16,
  floatToHalf,
  halfToFloat,
  halfToFloat32Array,
} from '../src/index.js'

// prettier-ignore
const e2m1Table = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6]

// prettier-ignore
const e4m3Table = [
  0, 0.001953125, 0.00390625, 0.005859375, 0.0078125, 0.009765625, 0.01171875, 0.013671875,
  0.015625, 0.017578125, 0.01953125, 0.021484375, 0.0234375, 0.025390625, 0.02734375, 0.029296875,
  0.03125, 0.03515625, 0.0390625, 0.04296875, 0.046875, 0.05078125, 0.0546875, 0.05859375,
  0.0625, 0.0703125, 0.078125, 0.0859375, 0.09375, 0.1015625, 0.109375, 0.1171875,
  0.125, 0.140625, 0.15625, 0.171875, 0.1875, 0.203125, 0.21875, 0.234375,
  0.25, 0.28125, 0.3125, 0.34375, 0.375, 0.40625, 0.4375, 0.46875,
  0.5, 0.5625, 0.625, 0.6875, 0.75, 0.8125, 0.875, 0.9375,
  1, 1.125, 1.25, 1.375, 1.5, 1.625, 1.75, 1.875,
  2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75,
  4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5,
  8, 9, 10, 11, 12, 13, 14, 15,
  16, 18, 20, 22, 24, 26, 28, 30,
  32, 36, 40, 44, 48, 52, 56, 60,
  64, 72, 80, 88, 96, 104, 112, 120,
  128, 144, 160, 176, 192, 208, 224, 240,
  256, 288, 320, 352, 384, 416, 448,
]

/** Codes 0..codes-1 (magnitudes) and the midpoints between them: nearest, ties to the even code, both signs. */
function checkRounding(
  encode: (x: number) => number,
  decode: (code: number) => number,
  codes: number,
  signBit: number,
): void {
  let wrong = 0
  const check = (x: number, code: number): void => {
    if (encode(x) !== code || encode(-x) !== (code | signBit)) wrong++
  }
  for (let code = 0; code < codes; code++) {
    check(decode(code), code)
    if (code + 1 === codes) continue
    const midpoint = (decode(code) + decode(code + 1)) / 2
    check(midpoint, code % 2 === 0 ? code : code + 1)
    // Closer to the tie than float32 can tell: one rounding, not two.
    check(midpoint * (1 - 2 ** -40), code)
    check(midpoint * (1 + 2 ** -40), code + 1)
  }
  expect(wrong).toBe(0)
}

describe('E2M1', () => {
  it('decodes every code', () => {
    expect(Array.from({ length: 16 }, (_, code) => decodeE2M1(code))).toEqual(e2m1Table)
  })
  it('encodes every value to its code', () => {
    expect(e2m1Table.map(encodeE2M1)).toEqual(Array.from({ length: 16 }, (_, code) => code))
  })
  it('rounds ties to the even code', () => {
    expect([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5].map(encodeE2M1)).toEqual([0, 2, 2, 4, 4, 6, 6])
    expect([-0.25, -0.75, -1.25, -1.75, -2.5, -3.5, -5].map(encodeE2M1)).toEqual([8, 10, 10, 12, 12, 14, 14])
  })
  it('rounds to nearest on both sides of every tie', () => {
    checkRounding(encodeE2M1, decodeE2M1, 8, 8)
  })
  it('saturates at 6 and at infinity', () => {
    expect([6.01, 1e300, Infinity, -6.01, -1e300, -Infinity].map(encodeE2M1)).toEqual([7, 7, 7, 15, 15, 15])
  })
  it('keeps the sign of zero', () => {
    expect([0, -0, 5e-324, -5e-324].map(encodeE2M1)).toEqual([0, 8, 0, 8])
  })
  it('refuses NaN and codes that are none', () => {
    expect(() => encodeE2M1(NaN)).toThrow('[encodeE2M1] expected a number, got NaN. E2M1 has no NaN')
    for (const code of [-1, 16, 0.5, NaN]) expect(() => decodeE2M1(code)).toThrow(QuantizationError)
  })
})

describe('E4M3', () => {
  it('decodes every code', () => {
    const decoded = Array.from({ length: 256 }, (_, code) => decodeE4M3(code))
    expect(decoded).toEqual([...e4m3Table, NaN, ...e4m3Table.map((value) => -value), NaN])
  })
  it('encodes every value to its code', () => {
    expect(e4m3Table.map(encodeE4M3)).toEqual(e4m3Table.map((_, code) => code))
    expect(e4m3Table.map((value) => encodeE4M3(-value))).toEqual(e4m3Table.map((_, code) => code + 128))
  })
  it('rounds every tie to the even code and everything else to nearest', () => {
    checkRounding(encodeE4M3, decodeE4M3, 0x7f, 0x80)
  })
  it('saturates at 448 and at infinity, and has one NaN to encode', () => {
    expect([448.1, 464, 480, 1e300, Infinity].map(encodeE4M3)).toEqual([0x7e, 0x7e, 0x7e, 0x7e, 0x7e])
    expect([-449, -Infinity, NaN].map(encodeE4M3)).toEqual([0xfe, 0xfe, 0x7f])
  })
  it('rounds half of the smallest number to zero', () => {
    expect([2 ** -9, 2 ** -10, 2 ** -10 * 1.001, 5e-324, -5e-324].map(encodeE4M3)).toEqual([1, 0, 1, 0, 0x80])
  })
  it('refuses codes that are none', () => {
    for (const code of [-1, 256, 1.5]) expect(() => decodeE4M3(code)).toThrow(QuantizationError)
  })
})

describe('E8M0', () => {
  it('decodes every code', () => {
    for (let code = 0; code < 255; code++) expect(decodeE8M0(code)).toBe(2 ** (code - 127))
    expect(decodeE8M0(255)).toBeNaN()
    expect([0, 1, 126, 127, 128, 254].map(decodeE8M0)).toEqual([2 ** -127, 2 ** -126, 0.5, 1, 2, 2 ** 127])
  })
  it('encodes every value to its code', () => {
    for (let code = 0; code < 255; code++) expect(encodeE8M0(2 ** (code - 127))).toBe(code)
  })
  it('rounds to nearest, the midpoint to the even code', () => {
    expect([1, 1.49, 1.5, 1.51, 2].map(encodeE8M0)).toEqual([127, 127, 128, 128, 128])
    expect([2.99, 3, 3.01, 4].map(encodeE8M0)).toEqual([128, 128, 129, 129])
  })
  it('saturates at both ends', () => {
    expect([0, -0, 5e-324, 2 ** -128, 2 ** -127].map(encodeE8M0)).toEqual([0, 0, 0, 0, 0])
    expect([1.99 * 2 ** 126, 2 ** 127, 1e300, Infinity].map(encodeE8M0)).toEqual([254, 254, 254, 254])
  })
  it('gives NaN for NaN and for what has no logarithm', () => {
    expect([NaN, -1, -Infinity].map(encodeE8M0)).toEqual([255, 255, 255])
    for (const code of [-1, 256, 0.1]) expect(() => decodeE8M0(code)).toThrow(QuantizationError)
  })
})

/** The textbook value of a small IEEE format, by another way than the code under test. */
function textbook(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1
  const field = Math.floor(bits / 2 ** mantissaBits) % 2 ** exponentBits
  const fraction = (bits % 2 ** mantissaBits) / 2 ** mantissaBits
  const bias = 2 ** (exponentBits - 1) - 1
  if (field === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN
  return sign * (field === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (field - bias))
}

const everyCode = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits)

describe.each([
  {
    name: 'half',
    exponentBits: 5,
    mantissaBits: 10,
    nan: 0x7e00,
    infinity: 0x7c00,
    encode: floatToHalf,
    decode: halfToFloat,
    encodeAll: float32ToHalfArray,
    decodeAll: halfToFloat32Array,
    edges: [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519.9, 0x7bff],
      [65520, 0x7bff], // IEEE arithmetic would give infinity
      [1e300, 0x7bff],
      [-1e300, 0xfbff],
      [2 ** -14, 0x0400],
      [2 ** -14 - 2 ** -24, 0x03ff],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -25 * 1.0001, 0x0001],
      [5e-324, 0x0000],
      [0.1, 0x2e66],
      [1 / 3, 0x3555],
    ],
  },
  {
    name: 'bfloat16',
    exponentBits: 8,
    mantissaBits: 7,
    nan: 0x7fc0,
    infinity: 0x7f80,
    encode: floatToBfloat16,
    decode: bfloat16ToFloat,
    encodeAll: float32ToBfloat16Array,
    decodeAll: bfloat16ToFloat32Array,
    edges: [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3f80],
      [-2, 0xc000],
      [3.3895313892515355e38, 0x7f7f],
      [3.4028234663852886e38, 0x7f7f], // the largest float32; IEEE arithmetic would give infinity
      [-1e300, 0xff7f],
      [2 ** -126, 0x0080],
      [2 ** -133, 0x0001],
      [2 ** -134, 0x0000],
      [5e-324, 0x0000],
      [0.1, 0x3dcd],
      [1 / 3, 0x3eab],
    ],
  },
])('$name', ({ exponentBits, mantissaBits, nan, infinity, encode, decode, encodeAll, decodeAll, edges }) => {
  it('decodes every code', () => {
    const wrong = everyCode.filter((bits) => !Object.is(decode(bits), textbook(bits, exponentBits, mantissaBits)))
    expect(wrong).toHaveLength(0)
  })
  it('encodes every value to its code', () => {
    const wrong = everyCode.filter((bits) => encode(decode(bits)) !== (Number.isNaN(decode(bits)) ? nan : bits))
    expect(wrong).toHaveLength(0)
  })
  it('rounds every tie to the even code and everything else to nearest', () => {
    checkRounding(encode, decode, infinity, 0x8000)
  })
  it('meets the table of edges', () => {
    expect(edges.map(([value]) => encode(value))).toEqual(edges.map(([, bits]) => bits))
  })
  it('keeps infinities and has one NaN to encode', () => {
    expect([Infinity, -Infinity, NaN].map(encode)).toEqual([infinity, infinity + 0x8000, nan])
  })
  it('converts arrays as it converts numbers', () => {
    const decoded = decodeAll(everyCode)
    expect(decoded).toEqual(Float32Array.from(everyCode, (bits) => decode(bits)))
    expect(encodeAll(decoded)).toEqual(everyCode.map((bits) => (Number.isNaN(decode(bits)) ? nan : bits)))
    const thirds = Float32Array.from({ length: 1000 }, (_, i) => (i - 500) / 3)
    expect(encodeAll(thirds)).toEqual(Uint16Array.from(thirds, (value) => encode(value)))
  })
  it('refuses what it cannot convert', () => {
    for (const bits of [-1, 0x10000, 0.5]) expect(() => decode(bits)).toThrow(QuantizationError)
    expect(() => encodeAll([1] as unknown as Float32Array)).toThrow('expected a Float32Array, got [1]')
    expect(() => decodeAll(new Float32Array(3) as unknown as Uint16Array)).toThrow('got Float32Array(3)')
  })
})
