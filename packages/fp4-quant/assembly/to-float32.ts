/** Half and bfloat16 bits to float32, exact; infinities and NaN stay what they are. */

/** 2^112 moves the exponent of a half, bias 15, to that of a float32, bias 127; subnormals come out right as well. */
const rebias: f32 = 5192296858534827628530496329220096.0

function ofHalf(bits: v128): v128 {
  const magnitude = v128.and(bits, i32x4.splat(0x7fff))
  const finite = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(rebias))
  const special = v128.and(i32x4.gt_s(magnitude, i32x4.splat(0x7bff)), i32x4.splat(0x7f800000))
  const sign = i32x4.shl(i32x4.shr_u(bits, 15), 31)
  return v128.or(v128.or(finite, special), sign)
}

/** Converts `count` numbers of 16 bits at `source`, half or bfloat16; writes up to 7 floats more. */
export function toFloat32(source: usize, target: usize, count: i32, half: bool): void {
  for (let end = target + (usize(count) << 2); target < end; source += 16, target += 32) {
    const bits = v128.load(source)
    const low = i32x4.extend_low_i16x8_u(bits)
    const high = i32x4.extend_high_i16x8_u(bits)
    v128.store(target, half ? ofHalf(low) : i32x4.shl(low, 16))
    v128.store(target, half ? ofHalf(high) : i32x4.shl(high, 16), 16)
  }
}
