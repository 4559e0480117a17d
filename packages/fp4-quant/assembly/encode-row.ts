/** The codes of a row: each value to the nearest multiple of its group's scale, exact, ties to the even code, sign kept. */

/**
 * The largest float32, as bits in all lanes, that stays below a midpoint between two codes; `up`: a value on the midpoint belongs to the
 * code above.
 */
function lastBelow(midpoint: f64, up: bool): v128 {
  const rounded = f32(midpoint)
  const above = f64(rounded) > midpoint || (up && f64(rounded) === midpoint)
  return i32x4.splat(reinterpret<i32>(rounded) - i32(above))
}

/** Codes of values at `at` up to `end`, a byte each, into `codes`; writes up to 15 bytes more. */
function encodeGroup(at: usize, end: usize, scale: f64, codes: usize): void {
  const t0 = lastBelow(0.25 * scale, false)
  const t1 = lastBelow(0.75 * scale, true)
  const t2 = lastBelow(1.25 * scale, false)
  const t3 = lastBelow(1.75 * scale, true)
  const t4 = lastBelow(2.5 * scale, false)
  const t5 = lastBelow(3.5 * scale, true)
  const t6 = lastBelow(5 * scale, false)
  const mask = i32x4.splat(0x7fffffff)
  for (; at < end; at += 64, codes += 16) {
    let v0 = v128.load(at)
    let v1 = v128.load(at, 16)
    let v2 = v128.load(at, 32)
    let v3 = v128.load(at, 48)
    // Saturating to 8 bits keeps the sign, which moves to bit 3.
    const signs = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(v0, v1), i16x8.narrow_i32x4_s(v2, v3))
    v0 = passed(v128.and(v0, mask), t0, t1, t2, t3, t4, t5, t6)
    v1 = passed(v128.and(v1, mask), t0, t1, t2, t3, t4, t5, t6)
    v2 = passed(v128.and(v2, mask), t0, t1, t2, t3, t4, t5, t6)
    v3 = passed(v128.and(v3, mask), t0, t1, t2, t3, t4, t5, t6)
    const counts = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(v0, v1), i16x8.narrow_i32x4_s(v2, v3))
    v128.store(codes, v128.or(i8x16.neg(counts), v128.and(i16x8.shr_u(signs, 4), i8x16.splat(8))))
  }
}

/** Minus the number of midpoints passed. */
function passed(m: v128, t0: v128, t1: v128, t2: v128, t3: v128, t4: v128, t5: v128, t6: v128): v128 {
  const low = i32x4.add(
    i32x4.add(i32x4.gt_s(m, t0), i32x4.gt_s(m, t1)),
    i32x4.add(i32x4.gt_s(m, t2), i32x4.gt_s(m, t3)),
  )
  return i32x4.add(low, i32x4.add(i32x4.add(i32x4.gt_s(m, t4), i32x4.gt_s(m, t5)), i32x4.gt_s(m, t6)))
}

/**
 * Writes the ceil(k / 8) words of a row of k floats at `row`, `stride` bytes apart, and up to one word more. `scales` holds a
 * float64 for each group, 0 where all codes are 0; `codes` is room for k + 16 bytes. Reads up to 15 floats beyond the row.
 */
export function encodeRow(
  row: usize,
  k: i32,
  groupSize: i32,
  scales: usize,
  codes: usize,
  words: usize,
  stride: usize,
): void {
  for (let start = 0; start < k; start += groupSize, scales += 8) {
    const size = min(groupSize, k - start)
    const scale = load<f64>(scales)
    const at = row + (usize(start) << 2)
    if (scale === 0) memory.fill(codes + start, 0, size)
    else encodeGroup(at, at + (usize(size) << 2), scale, codes + start)
  }
  v128.store(codes + k, i32x4.splat(0))
  // Two codes to a byte, the first in the low bits.
  for (let end = codes + k; codes < end; codes += 16, words += stride << 1) {
    const pairs = v128.load(codes)
    const bytes = v128.and(v128.or(pairs, i16x8.shr_u(pairs, 4)), i16x8.splat(0xff))
    const both = i8x16.narrow_i16x8_u(bytes, bytes)
    v128.store32_lane(words, both, 0)
    v128.store32_lane(words + stride, both, 1)
  }
}
