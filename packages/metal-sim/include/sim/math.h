// <metal_math>: computed in double (half: in float) and rounded once, so results are those of a correctly rounded function nearly always.
// Both metal::precise and metal::fast are these.
#pragma once
#include "lift.h"

#define D(name, ...) __builtin_##name(__VA_ARGS__)

namespace metal {
using D1 = double;
SIM_INLINE float sim_smooth(float t) { return t * t * (3.0f - 2.0f * t); }

SIM_FLOAT1(acos, D(acos, D1(a)))
SIM_FLOAT1(acosh, D(acosh, D1(a)))
SIM_FLOAT1(asin, D(asin, D1(a)))
SIM_FLOAT1(asinh, D(asinh, D1(a)))
SIM_FLOAT1(atan, D(atan, D1(a)))
SIM_FLOAT1(atanh, D(atanh, D1(a)))
SIM_FLOAT1(ceil, D(ceilf, a))
SIM_FLOAT1(cos, D(cos, D1(a)))
SIM_FLOAT1(cosh, D(cosh, D1(a)))
SIM_FLOAT1(cospi, D(cos, 3.14159265358979323846 * D(remainder, D1(a), 2.0)))
SIM_FLOAT1(exp, D(exp, D1(a)))
SIM_FLOAT1(exp2, D(exp2, D1(a)))
SIM_FLOAT1(exp10, D(pow, 10.0, D1(a)))
SIM_FLOAT1(fabs, D(fabsf, a))
SIM_FLOAT1(floor, D(floorf, a))
SIM_FLOAT1(fract, D(fminf, a - D(floorf, a), 0x1.fffffep-1f))
SIM_FLOAT1(log, D(log, D1(a)))
SIM_FLOAT1(log2, D(log2, D1(a)))
SIM_FLOAT1(log10, D(log10, D1(a)))
SIM_FLOAT1(rint, D(rintf, a))
SIM_FLOAT1(round, D(roundf, a))
SIM_FLOAT1(rsqrt, 1.0 / D(sqrt, D1(a)))
SIM_FLOAT1(sin, D(sin, D1(a)))
SIM_FLOAT1(sinh, D(sinh, D1(a)))
SIM_FLOAT1(sinpi, D(sin, 3.14159265358979323846 * D(remainder, D1(a), 2.0)))
SIM_FLOAT1(sqrt, D(sqrtf, a))
SIM_FLOAT1(tan, D(tan, D1(a)))
SIM_FLOAT1(tanh, D(tanh, D1(a)))
SIM_FLOAT1(tanpi, D(tan, 3.14159265358979323846 * D(remainder, D1(a), 1.0)))
SIM_FLOAT1(trunc, D(truncf, a))
SIM_FLOAT1(saturate, a != a ? 0.0f : D(fminf, D(fmaxf, a, 0.0f), 1.0f))
SIM_FLOAT1(sign, a > 0 ? 1.0f : a < 0 ? -1.0f : a == 0 ? a : 0.0f)

SIM_FLOAT2(atan2, D(atan2, D1(a), D1(b)))
SIM_FLOAT2(copysign, D(copysignf, a, b))
SIM_FLOAT2(divide, a / b)
SIM_FLOAT2(fdim, D(fdimf, a, b))
SIM_FLOAT2(fmax, D(fmaxf, a, b))
SIM_FLOAT2(fmin, D(fminf, a, b))
SIM_FLOAT2(fmod, D(fmodf, a, b))
SIM_FLOAT2(nextafter, D(nextafterf, a, b))
SIM_FLOAT2(pow, D(pow, D1(a), D1(b)))
SIM_FLOAT2(powr, a < 0 ? __builtin_nanf("") : float(D(pow, D1(a), D1(b))))
SIM_FLOAT2(step, b < a ? 0.0f : 1.0f)

SIM_FLOAT3(mix, a + (b - a) * c)
SIM_FLOAT3(smoothstep, sim_smooth(saturate((c - a) / (b - a))))
SIM_FLOAT3(fmax3, D(fmaxf, a, D(fmaxf, b, c)))
SIM_FLOAT3(fmin3, D(fminf, a, D(fminf, b, c)))
SIM_FLOAT3(fmedian3, D(fmaxf, D(fminf, a, b), D(fminf, D(fmaxf, a, b), c)))

// One rounding, in each type. clang's own builtins, so that they can be told from other arithmetic when multiply-adds are counted.
SIM_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SIM_INLINE half fma(half a, half b, half c) { return __builtin_fmaf16(a, b, c); }
template <class B>
SIM_INLINE sim_if_bfloat<B, bfloat> fma(B a, B b, B c) {
  return bfloat(__builtin_fmaf(float(a), float(b), float(c)));
}
SIM_LIFT3(fma)
// One that is not counted: of these headers themselves.
extern "C" float sim_library_fma(float, float, float) __asm__("fmaf") __attribute__((const));
SIM_INLINE float sim_fma(float a, float b, float c) {
#ifdef METAL_SIM_COUNTING
  return sim_library_fma(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

SIM_INLINE float frexp(float x, int& exponent) { return __builtin_frexpf(x, &exponent); }
SIM_INLINE half frexp(half x, int& exponent) { return half(__builtin_frexpf(float(x), &exponent)); }
SIM_INLINE float ldexp(float x, int k) { return __builtin_ldexpf(x, k); }
SIM_INLINE half ldexp(half x, int k) { return half(__builtin_ldexpf(float(x), k)); }
SIM_INLINE int ilogb(float x) { return __builtin_ilogbf(x); }
SIM_INLINE int ilogb(half x) { return __builtin_ilogbf(float(x)); }
SIM_INLINE float modf(float x, float& whole) { return __builtin_modff(x, &whole); }
SIM_INLINE half modf(half x, half& whole) {
  whole = half(__builtin_truncf(float(x)));
  return half(__builtin_copysignf(float(x) - float(whole), float(x)));
}
SIM_INLINE float sincos(float x, float& cosine) {
  cosine = cos(x);
  return sin(x);
}
SIM_INLINE half sincos(half x, half& cosine) {
  cosine = cos(x);
  return sin(x);
}
template <class T, int n>
SIM_INLINE vec<T, n> sincos(vec<T, n> x, vec<T, n>& cosine) {
  cosine = cos(x);
  return sin(x);
}
template <class T, int n>
SIM_INLINE vec<T, n> ldexp(vec<T, n> x, vec<int, n> k) {
  for (int i = 0; i < n; i++) x[i] = ldexp(T(x[i]), int(k[i]));
  return x;
}
template <class T, int n>
SIM_INLINE vec<T, n> frexp(vec<T, n> x, vec<int, n>& exponent) {
  for (int i = 0; i < n; i++) {
    int e;
    x[i] = frexp(T(x[i]), e);
    exponent[i] = e;
  }
  return x;
}

// Declared one by one, so that overloads which a source adds to these namespaces hide none.
namespace precise {
using metal::acos;
using metal::acosh;
using metal::asin;
using metal::asinh;
using metal::atan;
using metal::atan2;
using metal::atanh;
using metal::ceil;
using metal::copysign;
using metal::cos;
using metal::cosh;
using metal::cospi;
using metal::divide;
using metal::exp;
using metal::exp10;
using metal::exp2;
using metal::fabs;
using metal::fdim;
using metal::floor;
using metal::fma;
using metal::fmax;
using metal::fmax3;
using metal::fmedian3;
using metal::fmin;
using metal::fmin3;
using metal::fmod;
using metal::fract;
using metal::frexp;
using metal::ilogb;
using metal::ldexp;
using metal::log;
using metal::log10;
using metal::log2;
using metal::mix;
using metal::modf;
using metal::nextafter;
using metal::pow;
using metal::powr;
using metal::rint;
using metal::round;
using metal::rsqrt;
using metal::saturate;
using metal::sign;
using metal::sin;
using metal::sincos;
using metal::sinh;
using metal::sinpi;
using metal::smoothstep;
using metal::sqrt;
using metal::step;
using metal::tan;
using metal::tanh;
using metal::tanpi;
using metal::trunc;
}  // namespace precise
namespace fast {
using metal::acos;
using metal::acosh;
using metal::asin;
using metal::asinh;
using metal::atan;
using metal::atan2;
using metal::atanh;
using metal::ceil;
using metal::copysign;
using metal::cos;
using metal::cosh;
using metal::cospi;
using metal::divide;
using metal::exp;
using metal::exp10;
using metal::exp2;
using metal::fabs;
using metal::fdim;
using metal::floor;
using metal::fma;
using metal::fmax;
using metal::fmax3;
using metal::fmedian3;
using metal::fmin;
using metal::fmin3;
using metal::fmod;
using metal::fract;
using metal::frexp;
using metal::ilogb;
using metal::ldexp;
using metal::log;
using metal::log10;
using metal::log2;
using metal::mix;
using metal::modf;
using metal::nextafter;
using metal::pow;
using metal::powr;
using metal::rint;
using metal::round;
using metal::rsqrt;
using metal::saturate;
using metal::sign;
using metal::sin;
using metal::sincos;
using metal::sinh;
using metal::sinpi;
using metal::smoothstep;
using metal::sqrt;
using metal::step;
using metal::tan;
using metal::tanh;
using metal::tanpi;
using metal::trunc;
}  // namespace fast
}  // namespace metal
#undef D
