/** The largest magnitude of `count` floats, as float32 bits, which order as the magnitudes do (NaN above infinity). */
export function absmaxBits(at: usize, count: i32): i32 {
  const mask = i32x4.splat(0x7fffffff)
  const end = at + (usize(count) << 2)
  let a = i32x4.splat(0)
  let b = a
  for (; at + 32 <= end; at += 32) {
    a = i32x4.max_s(a, v128.and(v128.load(at), mask))
    b = i32x4.max_s(b, v128.and(v128.load(at, 16), mask))
  }
  a = i32x4.max_s(a, b)
  a = i32x4.max_s(a, i32x4.shuffle(a, a, 2, 3, 0, 1))
  let largest = max(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1))
  for (; at < end; at += 4) largest = max(largest, load<i32>(at) & 0x7fffffff)
  return largest
}
