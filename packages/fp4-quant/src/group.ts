/** The two loops over the values of one group: its largest magnitude, and its codes. */
import { e2m1Magnitudes } from './codecs/e2m1.js'
import { stripRows } from './layouts/kn.js'

/** Bits of the float32 infinity: a magnitude at or above it is not finite. */
export const infinityBits = 0x7f800000

/**
 * Where one code ends and the next begins, in units of the scale: the midpoints. A value on a midpoint goes to the even code,
 * so every other midpoint belongs to the code above it.
 */
export const e2m1Midpoints: readonly number[] = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5]
const midpointGoesUp = [false, true, false, true, false, true, false]

const oneFloat: Float32Array = new Float32Array(1)
const oneBits: Int32Array = new Int32Array(oneFloat.buffer)

/** The largest magnitude in `[start, end)` as float32 bits, which order as the magnitudes do (NaN above infinity). */
export function absmaxBits(bits: Int32Array, start: number, end: number): number {
  let largest = 0
  for (let i = start; i < end; i++) {
    const magnitude = bits[i] & 0x7fffffff
    if (magnitude > largest) largest = magnitude
  }
  return largest
}

/** The float32 of these bits. */
export function floatOfBits(bits: number): number {
  oneBits[0] = bits
  return oneFloat[0]
}

/** The largest float32 (as bits) that stays below the midpoint between code i and code i + 1 at this scale. */
function lastBelow(i: number, scale: number): number {
  const midpoint = e2m1Midpoints[i] * scale // exact in float64: 3 bits times at most 28
  oneFloat[0] = midpoint
  const above = oneFloat[0] > midpoint || (midpointGoesUp[i] && oneFloat[0] === midpoint)
  return above ? oneBits[0] - 1 : oneBits[0]
}

/**
 * Writes the codes of values k0..k1-1 of a row, bits at `bits[row + k]`, into `words[r + (k >> 3) * stripRows]`, which must be 0
 * there: the nearest multiple `scale * {0, .5, 1, 1.5, 2, 3, 4, 6}`, exact (no division is rounded), ties to the even code, saturating,
 * sign kept. `scale` is positive.
 */
export function encodeGroup(
  bits: Int32Array,
  row: number,
  k0: number,
  k1: number,
  scale: number,
  words: Uint32Array,
  r: number,
): void {
  const t0 = lastBelow(0, scale)
  const t1 = lastBelow(1, scale)
  const t2 = lastBelow(2, scale)
  const t3 = lastBelow(3, scale)
  const t4 = lastBelow(4, scale)
  const t5 = lastBelow(5, scale)
  const t6 = lastBelow(6, scale)
  for (let k = k0; k < k1;) {
    const index = r + (k >> 3) * stripRows
    const wordEnd = Math.min((k | 7) + 1, k1)
    let word = 0
    let shift = (k & 7) << 2
    for (; k < wordEnd; k++, shift += 4) {
      const value = bits[row + k]
      const m = value & 0x7fffffff
      // The sign of (t - m) counts the midpoints passed, without a branch.
      const magnitude =
        ((t0 - m) >>> 31)
        + ((t1 - m) >>> 31)
        + ((t2 - m) >>> 31)
        + ((t3 - m) >>> 31)
        + ((t4 - m) >>> 31)
        + ((t5 - m) >>> 31)
        + ((t6 - m) >>> 31)
      word |= (magnitude | ((value >>> 28) & 8)) << shift
    }
    words[index] |= word
  }
}

/** The value of each of the 16 codes; code 8 is -0. */
export const codeValues: Float64Array = Float64Array.from({ length: 16 }, (_, code) =>
  code < 8 ? e2m1Magnitudes[code] : -e2m1Magnitudes[code - 8],
)
