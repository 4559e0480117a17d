// e^x, the sigmoid and silu: the operations of cpu/vector_math.h, one by one, so the same bits (where those are no subnormal numbers, which a
// GPU may take for 0). Metal's own exp may differ from one GPU to the next, and sampling counts on integers made of it.
#ifndef METAL_FP4_EXPONENTIAL_H
#define METAL_FP4_EXPONENTIAL_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

constant constexpr float round_to_integer = 12582912.0f;  // 1.5 * 2^23: adding it leaves no fraction

// 2^n for integral n of -127 < n < 128: n + 127 is in the low bits of the mantissa of the sum.
inline float power_of_two(float n) { return as_type<float>(as_type<uint>(n + (round_to_integer + 127.0f)) << 23); }

// e^x within 1 ulp; e^-inf = 0, above 88.73 inf, NaN stays NaN.
// x = n ln 2 + r with |r| <= ln(2)/2; e^r by its Taylor series, whose remainder is 5e-9.
inline float exponential(float x) {
  const float below = x > 89.0f ? 89.0f : x;  // comparisons with a NaN are false: it stays
  const float clamped = below < -104.0f ? -104.0f : below;
  const float n = fma(clamped, 1.44269502f, round_to_integer) - round_to_integer;
  float r = fma(n, -0.693145752f, clamped);  // ln 2 in two parts; n times the first is exact
  r = fma(n, -1.42860677e-06f, r);
  float p = 1.0f / 5040.0f;
  p = fma(p, r, 1.0f / 720.0f);
  p = fma(p, r, 1.0f / 120.0f);
  p = fma(p, r, 1.0f / 24.0f);
  p = fma(p, r, 1.0f / 6.0f);
  p = fma(p, r, 0.5f);
  p = fma(p, r, 1.0f);
  p = fma(p, r, 1.0f);
  // In two steps, since 2^n itself may be beyond float32 where the result is not.
  const float part = fma(n, 0.5f, round_to_integer) - round_to_integer;
  return (p * power_of_two(part)) * power_of_two(n - part);
}

// 1 / (1 + e^-x), of the exponential that does not overflow. 0 at -inf, 1 at inf.
inline float sigmoid(float x) {
  const float e = exponential(-fabs(x));
  return (x < 0.0f ? e : 1.0f) / (e + 1.0f);
}

// x sigmoid(x); -0 at -inf, since its limit is 0. A NaN stays one.
inline float silu(float x) {
  const float bounded = x < -150.0f ? -150.0f : x;
  return bounded * sigmoid(bounded);
}

}  // namespace fp4

#endif
