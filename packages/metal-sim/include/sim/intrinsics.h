// Names of Apple's own headers that sources in the wild call, and assert.
#pragma once
#include "simdgroup.h"

#define __METAL_MAYBE_FAST_MATH__ false
#define __METAL_FAST_MATH__ true
#define __METAL_PRECISE_MATH__ false
#ifndef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : sim_report("assertion", "assert(" #condition ")"))
#endif
#endif

namespace metal {
#define SIM_UNARY(name, f) \
  template <class T>       \
  SIM_INLINE T __metal_##name(T x, bool = false) { return f(x); }
#define SIM_BINARY(name, f) \
  template <class T>        \
  SIM_INLINE T __metal_##name(T x, T y, bool = false) { return f(x, y); }
#define SIM_TERNARY(name, f) \
  template <class T>         \
  SIM_INLINE T __metal_##name(T x, T y, T z, bool = false) { return f(x, y, z); }
SIM_UNARY(acos, acos) SIM_UNARY(acosh, acosh) SIM_UNARY(asin, asin) SIM_UNARY(asinh, asinh) SIM_UNARY(atan, atan)
SIM_UNARY(atanh, atanh) SIM_UNARY(ceil, ceil) SIM_UNARY(cos, cos) SIM_UNARY(cosh, cosh) SIM_UNARY(cospi, cospi)
SIM_UNARY(exp, exp) SIM_UNARY(exp10, exp10) SIM_UNARY(exp2, exp2) SIM_UNARY(fabs, fabs) SIM_UNARY(floor, floor)
SIM_UNARY(fract, fract) SIM_UNARY(log, log) SIM_UNARY(log10, log10) SIM_UNARY(log2, log2) SIM_UNARY(rint, rint)
SIM_UNARY(round, round) SIM_UNARY(rsqrt, rsqrt) SIM_UNARY(sin, sin) SIM_UNARY(sinh, sinh) SIM_UNARY(sinpi, sinpi)
SIM_UNARY(sqrt, sqrt) SIM_UNARY(tan, tan) SIM_UNARY(tanh, tanh) SIM_UNARY(tanpi, tanpi) SIM_UNARY(trunc, trunc)
SIM_BINARY(atan2, atan2) SIM_BINARY(fmax, fmax) SIM_BINARY(fmin, fmin) SIM_BINARY(fmod, fmod) SIM_BINARY(pow, pow)
SIM_BINARY(powr, powr) SIM_BINARY(nextafter, nextafter)
SIM_TERNARY(fma, fma) SIM_TERNARY(fmax3, fmax3) SIM_TERNARY(fmin3, fmin3) SIM_TERNARY(fmedian3, fmedian3)
template <class T>
SIM_INLINE T __metal_divide(T x, T y, bool = false) { return x / y; }
template <class T>
SIM_INLINE T __metal_ldexp(T x, int k, bool = false) { return ldexp(x, k); }
template <class T>
SIM_INLINE T __metal_frexp(T x, int* exponent, bool = false) { return frexp(x, *exponent); }
#undef SIM_UNARY
#undef SIM_BINARY
#undef SIM_TERNARY

SIM_INLINE ushort __metal_get_simdgroup_size(ushort) { return 32; }
SIM_INLINE ushort __metal_get_thread_index_in_simdgroup(ushort) { return ushort(sim_lane()); }
#define SIM_SIMD(name)                                \
  template <class T, class... A>                      \
  SIM_INLINE T __metal_simd_##name(T value, A... rest) { return simd_##name(value, rest...); }
SIM_SIMD(broadcast) SIM_SIMD(shuffle) SIM_SIMD(shuffle_up) SIM_SIMD(shuffle_down) SIM_SIMD(shuffle_xor)
SIM_SIMD(shuffle_rotate_up) SIM_SIMD(shuffle_rotate_down) SIM_SIMD(shuffle_and_fill_up) SIM_SIMD(shuffle_and_fill_down)
SIM_SIMD(max) SIM_SIMD(min) SIM_SIMD(sum) SIM_SIMD(product) SIM_SIMD(and) SIM_SIMD(or) SIM_SIMD(xor)
SIM_SIMD(prefix_inclusive_sum) SIM_SIMD(prefix_exclusive_sum) SIM_SIMD(prefix_inclusive_product) SIM_SIMD(prefix_exclusive_product)
#undef SIM_SIMD
}  // namespace metal
