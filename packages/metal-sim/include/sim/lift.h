// Macros that lift functions of scalars to vectors, element by element.
#pragma once
#include "make.h"

namespace metal {
template <class T, class R>
using sim_if_integer = enable_if_t<__is_integral(T) && !__is_same(T, bool), R>;
template <class T, class R>
using sim_if_float = enable_if_t<is_floating_point<T>::value, R>;
template <class T, class R>
using sim_if_bfloat = enable_if_t<__is_same(T, bfloat), R>;
}  // namespace metal

// f(v), f(v, v), f(v, s), f(s, v), f(v, v, v) … for the f of elements that is declared before.
#define SIM_LIFT1(f)                                       \
  template <class T, int n>                                \
  SIM_INLINE vec<T, n> f(vec<T, n> a) {                    \
    vec<T, n> r;                                           \
    for (int i = 0; i < n; i++) r[i] = f(T(a[i]));         \
    return r;                                              \
  }
#define SIM_LIFT2(f)                                                \
  template <class T, int n>                                         \
  SIM_INLINE vec<T, n> f(vec<T, n> a, vec<T, n> b) {                \
    vec<T, n> r;                                                    \
    for (int i = 0; i < n; i++) r[i] = f(T(a[i]), T(b[i]));         \
    return r;                                                       \
  }                                                                 \
  template <class T, int n, class U, class = enable_if_t<is_arithmetic<U>::value>> \
  SIM_INLINE vec<T, n> f(vec<T, n> a, U b) {                        \
    return f(a, (vec<T, n>)(T(b)));                                 \
  }                                                                 \
  template <class T, int n, class U, class = enable_if_t<is_arithmetic<U>::value>> \
  SIM_INLINE vec<T, n> f(U a, vec<T, n> b) {                        \
    return f((vec<T, n>)(T(a)), b);                                 \
  }
#define SIM_LIFT3(f)                                                                       \
  template <class T, int n>                                                                \
  SIM_INLINE vec<T, n> f(vec<T, n> a, vec<T, n> b, vec<T, n> c) {                          \
    vec<T, n> r;                                                                           \
    for (int i = 0; i < n; i++) r[i] = f(T(a[i]), T(b[i]), T(c[i]));                       \
    return r;                                                                              \
  }                                                                                        \
  /* Scalars among the arguments are spread, as Metal's conversions do. */                 \
  template <class T, int n, class U, class = enable_if_t<is_arithmetic<U>::value>>         \
  SIM_INLINE vec<T, n> f(vec<T, n> a, vec<T, n> b, U c) {                                  \
    return f(a, b, (vec<T, n>)(T(c)));                                                     \
  }                                                                                        \
  template <class T, int n, class U, class = enable_if_t<is_arithmetic<U>::value>>         \
  SIM_INLINE vec<T, n> f(vec<T, n> a, U b, vec<T, n> c) {                                  \
    return f(a, (vec<T, n>)(T(b)), c);                                                     \
  }                                                                                        \
  template <class T, int n, class U, class = enable_if_t<is_arithmetic<U>::value>>         \
  SIM_INLINE vec<T, n> f(U a, vec<T, n> b, vec<T, n> c) {                                  \
    return f((vec<T, n>)(T(a)), b, c);                                                     \
  }                                                                                        \
  template <class T, int n, class U, class V, class = enable_if_t<is_arithmetic<U>::value && is_arithmetic<V>::value>> \
  SIM_INLINE vec<T, n> f(vec<T, n> a, U b, V c) {                                          \
    return f(a, (vec<T, n>)(T(b)), (vec<T, n>)(T(c)));                                     \
  }

// For float and half, and bfloat where no function of the user's takes it: `expression` is of float a, b, c.
#define SIM_FLOAT1(f, expression)                                         \
  SIM_INLINE float f(float a) { return float(expression); }               \
  SIM_INLINE half f(half h) { float a = h; return half(float(expression)); } \
  template <class B>                                                      \
  SIM_INLINE sim_if_bfloat<B, bfloat> f(B h) { float a = h; return bfloat(float(expression)); } \
  SIM_LIFT1(f)
#define SIM_FLOAT2(f, expression)                                         \
  SIM_INLINE float f(float a, float b) { return float(expression); }      \
  SIM_INLINE half f(half p, half q) { float a = p, b = q; return half(float(expression)); } \
  template <class B>                                                      \
  SIM_INLINE sim_if_bfloat<B, bfloat> f(B p, B q) { float a = p, b = q; return bfloat(float(expression)); } \
  SIM_LIFT2(f)
#define SIM_FLOAT3(f, expression)                                                       \
  SIM_INLINE float f(float a, float b, float c) { return float(expression); }           \
  SIM_INLINE half f(half p, half q, half s) { float a = p, b = q, c = s; return half(float(expression)); } \
  template <class B>                                                                    \
  SIM_INLINE sim_if_bfloat<B, bfloat> f(B p, B q, B s) { float a = p, b = q, c = s; return bfloat(float(expression)); } \
  SIM_LIFT3(f)
// The same function for every integer type, of T a, b, c.
#define SIM_EACH_INTEGER(M, f, expression) \
  M(char, f, expression) M(uchar, f, expression) M(short, f, expression) M(ushort, f, expression) M(int, f, expression) \
  M(uint, f, expression) M(long, f, expression) M(ulong, f, expression)
#define SIM_INTEGER1_OF(X, f, expression) SIM_INLINE X f(X a) { using T = X; return T(expression); }
#define SIM_INTEGER2_OF(X, f, expression) SIM_INLINE X f(X a, X b) { using T = X; return T(expression); }
#define SIM_INTEGER3_OF(X, f, expression) SIM_INLINE X f(X a, X b, X c) { using T = X; return T(expression); }
#define SIM_INTEGER1(f, expression) SIM_EACH_INTEGER(SIM_INTEGER1_OF, f, expression)
#define SIM_INTEGER2(f, expression) SIM_EACH_INTEGER(SIM_INTEGER2_OF, f, expression)
#define SIM_INTEGER3(f, expression) SIM_EACH_INTEGER(SIM_INTEGER3_OF, f, expression)
