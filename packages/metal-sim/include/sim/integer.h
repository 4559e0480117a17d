// <metal_integer>, and min, max, clamp, abs of every type.
#pragma once
#include "math.h"

namespace metal {

template <class T>
constexpr int sim_bits = sizeof(T) * 8;
template <class T>
using sim_unsigned = __make_unsigned(T);
// Twice as wide.
template <class T>
using sim_wide = conditional_t<(T(-1) < T(0)), __int128, unsigned __int128>;

template <class T, class W>
SIM_INLINE T sim_clamp(W value) {
  constexpr bool negative = T(-1) < T(0);
  const W high = negative ? W((sim_unsigned<T>(~T(0))) >> 1) : W(sim_unsigned<T>(~T(0)));
  const W low = negative ? W(-high - 1) : W(0);
  return value < low ? T(low) : value > high ? T(high) : T(value);
}
template <class U>
SIM_INLINE U sim_rotate(U a, uint by) {
  return by == 0 ? a : U((a << by) | (a >> (sim_bits<U> - by)));
}

SIM_INTEGER1(abs, a < T(0) ? T(0) - sim_unsigned<T>(a) : a)
SIM_INTEGER1(clz, a == 0 ? sim_bits<T> : __builtin_clzl(ulong(sim_unsigned<T>(a))) - (64 - sim_bits<T>))
SIM_INTEGER1(ctz, a == 0 ? sim_bits<T> : __builtin_ctzl(ulong(sim_unsigned<T>(a))))
SIM_INTEGER1(popcount, __builtin_popcountl(ulong(sim_unsigned<T>(a))))
SIM_INTEGER1(reverse_bits, __builtin_bitreverse64(ulong(sim_unsigned<T>(a))) >> (64 - sim_bits<T>))
SIM_INTEGER2(min, b < a ? b : a)
SIM_INTEGER2(max, a < b ? b : a)
SIM_INTEGER2(absdiff, a < b ? sim_unsigned<T>(b) - sim_unsigned<T>(a) : sim_unsigned<T>(a) - sim_unsigned<T>(b))
SIM_INTEGER2(addsat, sim_clamp<T>(sim_wide<T>(a) + sim_wide<T>(b)))
SIM_INTEGER2(subsat, sim_clamp<T>(__int128(a) - __int128(b)))
SIM_INTEGER2(hadd, (__int128(a) + __int128(b)) >> 1)
SIM_INTEGER2(rhadd, (__int128(a) + __int128(b) + 1) >> 1)
SIM_INTEGER2(mulhi, (sim_wide<T>(a) * sim_wide<T>(b)) >> sim_bits<T>)
SIM_INTEGER2(rotate, sim_rotate(sim_unsigned<T>(a), uint(sim_unsigned<T>(b)) % sim_bits<T>))
SIM_INTEGER3(madhi, sim_unsigned<T>(mulhi(a, b)) + sim_unsigned<T>(c))
SIM_INTEGER3(madsat, sim_clamp<T>(sim_wide<T>(a) * sim_wide<T>(b) + sim_wide<T>(c)))
SIM_INTEGER3(min3, min(a, min(b, c)))
SIM_INTEGER3(max3, max(a, max(b, c)))
SIM_INTEGER3(median3, max(min(a, b), min(max(a, b), c)))
SIM_INTEGER3(clamp, min(max(a, b), c))
SIM_INLINE int mul24(int a, int b) { return int(uint(int(uint(a) << 8) >> 8) * uint(int(uint(b) << 8) >> 8)); }
SIM_INLINE uint mul24(uint a, uint b) { return (a & 0xffffffu) * (b & 0xffffffu); }
SIM_INLINE int mad24(int a, int b, int c) { return int(uint(mul24(a, b)) + uint(c)); }
SIM_INLINE uint mad24(uint a, uint b, uint c) { return mul24(a, b) + c; }

// Of two NaNs, one: the other. Metal's min and max are fmin and fmax.
SIM_INLINE float min(float a, float b) { return fmin(a, b); }
SIM_INLINE float max(float a, float b) { return fmax(a, b); }
SIM_INLINE half min(half a, half b) { return fmin(a, b); }
SIM_INLINE half max(half a, half b) { return fmax(a, b); }
SIM_INLINE float abs(float a) { return fabs(a); }
SIM_INLINE half abs(half a) { return fabs(a); }
SIM_INLINE float clamp(float a, float b, float c) { return fmin(fmax(a, b), c); }
SIM_INLINE half clamp(half a, half b, half c) { return fmin(fmax(a, b), c); }
SIM_INLINE float min3(float a, float b, float c) { return fmin(a, fmin(b, c)); }
SIM_INLINE float max3(float a, float b, float c) { return fmax(a, fmax(b, c)); }
SIM_INLINE half min3(half a, half b, half c) { return fmin(a, fmin(b, c)); }
SIM_INLINE half max3(half a, half b, half c) { return fmax(a, fmax(b, c)); }
SIM_INLINE float median3(float a, float b, float c) { return fmedian3(a, b, c); }
SIM_INLINE half median3(half a, half b, half c) { return fmedian3(a, b, c); }
#define SIM_BFLOAT2(f)                                           \
  template <class B>                                             \
  SIM_INLINE sim_if_bfloat<B, bfloat> f(B a, B b) { return bfloat(f(float(a), float(b))); }
#define SIM_BFLOAT3(f)                                           \
  template <class B>                                             \
  SIM_INLINE sim_if_bfloat<B, bfloat> f(B a, B b, B c) { return bfloat(f(float(a), float(b), float(c))); }
SIM_BFLOAT2(min)
SIM_BFLOAT2(max)
SIM_BFLOAT3(clamp)
SIM_BFLOAT3(min3)
SIM_BFLOAT3(max3)
template <class B>
SIM_INLINE sim_if_bfloat<B, bfloat> abs(B a) { return bfloat(fabs(float(a))); }
#undef SIM_BFLOAT2
#undef SIM_BFLOAT3

SIM_LIFT1(abs)
SIM_LIFT1(clz)
SIM_LIFT1(ctz)
SIM_LIFT1(popcount)
SIM_LIFT1(reverse_bits)
SIM_LIFT2(min)
SIM_LIFT2(max)
SIM_LIFT2(absdiff)
SIM_LIFT2(addsat)
SIM_LIFT2(subsat)
SIM_LIFT2(hadd)
SIM_LIFT2(rhadd)
SIM_LIFT2(mulhi)
SIM_LIFT2(rotate)
SIM_LIFT2(mul24)
SIM_LIFT3(mad24)
SIM_LIFT3(madhi)
SIM_LIFT3(madsat)
SIM_LIFT3(min3)
SIM_LIFT3(max3)
SIM_LIFT3(median3)
SIM_LIFT3(clamp)

template <class T>
SIM_INLINE sim_if_integer<T, T> extract_bits(T x, uint offset, uint bits) {
  if (bits == 0 || offset >= uint(sim_bits<T>)) return 0;
  const uint up = offset + bits > uint(sim_bits<T>) ? 0 : sim_bits<T> - offset - bits;
  return T(T(sim_unsigned<T>(x) << up) >> (up + offset));
}
template <class T>
SIM_INLINE sim_if_integer<T, T> insert_bits(T base, T insert, uint offset, uint bits) {
  if (bits == 0 || offset >= uint(sim_bits<T>)) return base;
  using U = sim_unsigned<T>;
  const U mask = U((bits >= uint(sim_bits<T>) ? U(~U(0)) : U((U(1) << bits) - 1)) << offset);
  return T((U(base) & ~mask) | (U(U(insert) << offset) & mask));
}
template <class T, int n>
SIM_INLINE vec<T, n> extract_bits(vec<T, n> x, uint offset, uint bits) {
  for (int i = 0; i < n; i++) x[i] = extract_bits(T(x[i]), offset, bits);
  return x;
}
template <class T, int n>
SIM_INLINE vec<T, n> insert_bits(vec<T, n> base, vec<T, n> insert, uint offset, uint bits) {
  for (int i = 0; i < n; i++) base[i] = insert_bits(T(base[i]), T(insert[i]), offset, bits);
  return base;
}

namespace precise {
using metal::abs;
using metal::clamp;
using metal::max;
using metal::max3;
using metal::median3;
using metal::min;
using metal::min3;
}  // namespace precise
namespace fast {
using metal::abs;
using metal::clamp;
using metal::max;
using metal::max3;
using metal::median3;
using metal::min;
using metal::min3;
}  // namespace fast

}  // namespace metal
