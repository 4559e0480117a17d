// exp, sigmoid and silu over 16 lanes, of the operations of simd.h alone, so with the same bits on every instruction set.
#ifndef METAL_FP4_VECTOR_MATH_H
#define METAL_FP4_VECTOR_MATH_H

#include "simd.h"

namespace ISA_NAMESPACE {

// 2^n for integral n of -127 < n < 128. Adding 1.5 * 2^23 + 127 leaves n + 127 in the low bits of the mantissa.
SIMD f32x16 power_of_two(f32x16 n) { return floats(shift_left<23>(bits(add(n, splat(0x1.8p23f + 127.0f))))); }

// e^x within 1 ulp (2 where the result is subnormal); e^-inf = 0, e^inf = inf, above 88.73 inf, NaN stays NaN.
// x = n ln 2 + r with |r| <= ln(2)/2; e^r by its Taylor series, whose remainder is 5e-9.
SIMD f32x16 exp(f32x16 x) {
  const f32x16 clamped = max(splat(-104.0f), min(splat(89.0f), x)); // both keep a NaN in x
  const f32x16 magic = splat(0x1.8p23f);
  const f32x16 n = sub(fma(clamped, splat(0x1.715476p+0f), magic), magic);
  f32x16 r = fma(n, splat(-0x1.62e4p-1f), clamped); // ln 2 in two parts; n times the first is exact
  r = fma(n, splat(-0x1.7f7d1cp-20f), r);
  f32x16 p = splat(1.0f / 5040);
  p = fma(p, r, splat(1.0f / 720));
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r, splat(1.0f));
  p = fma(p, r, splat(1.0f));
  // In two steps, since 2^n itself may be beyond float32 where the result is not.
  const f32x16 half = sub(fma(n, splat(0.5f), magic), magic);
  return mul(mul(p, power_of_two(half)), power_of_two(sub(n, half)));
}

// 1 / (1 + e^-x) within 3 ulp, of the exponential that does not overflow. 0 at -inf, 1 at inf.
SIMD f32x16 sigmoid(f32x16 x) {
  const f32x16 e = exp(neg(abs(x)));
  return div(select(less(x, zero()), e, splat(1.0f)), add(e, splat(1.0f)));
}

// x sigmoid(x) within 4 ulp (below x = -87, where sigmoid is subnormal, within 2^-142); -0 at -inf, since its limit is 0.
SIMD f32x16 silu(f32x16 x) {
  const f32x16 bounded = max(splat(-150.0f), x);
  return mul(bounded, sigmoid(bounded));
}

}  // namespace ISA_NAMESPACE

#endif
