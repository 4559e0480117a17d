import { bfloatBits, bfloatValue, halfBits, halfValue } from '../../src/cli/half.js'
import type { Random } from './random.js'

/** Numbers as a kernel reads them, and what they are. */
export interface Encoded<Bits> {
  readonly bits: Bits
  readonly values: Float64Array
}

export const bfloats = (numbers: ArrayLike<number>): Encoded<Uint16Array> => {
  const bits = Uint16Array.from(numbers, bfloatBits)
  return { bits, values: Float64Array.from(bits, bfloatValue) }
}

export const halves = (numbers: ArrayLike<number>): Encoded<Uint16Array> => {
  const bits = Uint16Array.from(numbers, halfBits)
  return { bits, values: Float64Array.from(bits, halfValue) }
}

export const halfValues = (bits: Uint16Array): Float64Array => Float64Array.from(bits, halfValue)

/** OCP Microscaling: E2M1, the sign in bit 3. */
export const e2m1: readonly number[] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6]

/** E4M3 without infinities. */
export const e4m3 = (bits: number): number => {
  const exponent = (bits >> 3) & 15
  const mantissa = bits & 7
  const magnitude = exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10)
  return (bits & 128) === 0 ? magnitude : -magnitude
}

export interface Fp4 {
  /** [rows, columns], a code of 4 bits each. */
  readonly codes: Uint8Array
  /** [rows, columns / group]: a byte each. */
  readonly scales: Uint8Array
  /** [rows, columns] */
  readonly values: Float64Array
}

/** Random FP4 weights: `scaleOf` is what a scale's byte from `low` to `high` means. */
export const randomFp4 = (
  random: Random,
  rows: number,
  columns: number,
  group: number,
  [low, high]: readonly [number, number],
  scaleOf: (byte: number) => number,
): Fp4 => {
  const codes = random.bytes(rows * columns, 0, 15)
  const scales = random.bytes((rows * columns) / group, low, high)
  const values = Float64Array.from(codes, (code, index) => e2m1[code] * scaleOf(scales[Math.floor(index / group)]))
  return { codes, scales, values }
}

export const e8m0 = (byte: number): number => 2 ** (byte - 127)

/** Two codes a byte, the first in the low half. */
export const packPairs = (codes: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: codes.length / 2 }, (_, index) => codes[2 * index] | (codes[2 * index + 1] << 4))

/** What has not been written shows in the result. */
export const unwritten = (length: number): Float32Array => new Float32Array(length).fill(Number.NaN)
