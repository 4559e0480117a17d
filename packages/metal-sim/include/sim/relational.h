// <metal_relational>, <metal_geometric>.
#pragma once
#include "integer.h"

namespace metal {

#define SIM_TEST(f, expression)                                       \
  SIM_INLINE bool f(float a) { return expression; }                   \
  SIM_INLINE bool f(half h) { float a = h; return expression; }       \
  template <class B>                                                  \
  SIM_INLINE sim_if_bfloat<B, bool> f(B h) { float a = h; return expression; } \
  template <class T, int n>                                           \
  SIM_INLINE sim_bools<n> f(vec<T, n> v) {                            \
    sim_bools<n> r;                                                   \
    for (int i = 0; i < n; i++) r[i] = f(T(v[i]));                    \
    return r;                                                         \
  }
SIM_TEST(isnan, __builtin_isnan(a))
SIM_TEST(isinf, __builtin_isinf(a) != 0)
SIM_TEST(isfinite, __builtin_isfinite(a))
SIM_TEST(signbit, (__builtin_bit_cast(uint, a) >> 31) != 0)
#undef SIM_TEST
// Whether a number is normal depends on its type.
SIM_INLINE bool isnormal(float a) { return __builtin_isnormal(a); }
SIM_INLINE bool isnormal(half a) { return isfinite(a) && fabs(float(a)) >= 0x1p-14f; }
template <class T, class = enable_if_t<is_floating_point<T>::value>>
SIM_INLINE bool isordered(T a, T b) { return a == a && b == b; }
template <class T, class = enable_if_t<is_floating_point<T>::value>>
SIM_INLINE bool isunordered(T a, T b) { return a != a || b != b; }

SIM_INLINE bool any(bool a) { return a; }
SIM_INLINE bool all(bool a) { return a; }
template <class T, int n>
SIM_INLINE bool any(vec<T, n> v) {
  for (int i = 0; i < n; i++)
    if (v[i]) return true;
  return false;
}
template <class T, int n>
SIM_INLINE bool all(vec<T, n> v) {
  for (int i = 0; i < n; i++)
    if (!v[i]) return false;
  return true;
}
template <int n>
SIM_INLINE bool any(sim_bools<n> v) {
  for (int i = 0; i < n; i++)
    if (v[i]) return true;
  return false;
}
template <int n>
SIM_INLINE bool all(sim_bools<n> v) {
  for (int i = 0; i < n; i++)
    if (!v[i]) return false;
  return true;
}

// b where the condition holds, else a.
template <class T, class = enable_if_t<is_scalar<T>::value>>
SIM_INLINE T select(T a, type_identity_t<T> b, bool condition) {
  return condition ? b : a;
}
template <class T, int n, class C>
SIM_INLINE vec<T, n> select(vec<T, n> a, vec<T, n> b, vec<C, n> condition) {
  for (int i = 0; i < n; i++) a[i] = condition[i] ? b[i] : a[i];
  return a;
}
template <class T, int n>
SIM_INLINE vec<T, n> select(vec<T, n> a, vec<T, n> b, sim_bools<n> condition) {
  for (int i = 0; i < n; i++) a[i] = condition[i] ? b[i] : a[i];
  return a;
}
template <class T, int n>
SIM_INLINE vec<T, n> select(vec<T, n> a, vec<T, n> b, bool condition) {
  return condition ? b : a;
}

// A scalar among the two is spread.
template <class T, int n, class U, class C, class = enable_if_t<is_arithmetic<U>::value>>
SIM_INLINE vec<T, n> select(vec<T, n> a, U b, C condition) {
  return select(a, (vec<T, n>)(T(b)), condition);
}
template <class T, int n, class U, class C, class = enable_if_t<is_arithmetic<U>::value>>
SIM_INLINE vec<T, n> select(U a, vec<T, n> b, C condition) {
  return select((vec<T, n>)(T(a)), b, condition);
}

template <class T, int n>
SIM_INLINE T dot(vec<T, n> a, vec<T, n> b) {
  T sum = a[0] * b[0];
  for (int i = 1; i < n; i++) sum = T(sum + a[i] * b[i]);
  return sum;
}
template <class T>
SIM_INLINE vec<T, 3> cross(vec<T, 3> a, vec<T, 3> b) {
  return a.yzx * b.zxy - a.zxy * b.yzx;
}
template <class T, int n>
SIM_INLINE T length_squared(vec<T, n> a) { return dot(a, a); }
template <class T, int n>
SIM_INLINE T length(vec<T, n> a) { return sqrt(dot(a, a)); }
template <class T, int n>
SIM_INLINE T distance(vec<T, n> a, vec<T, n> b) { return length(a - b); }
template <class T, int n>
SIM_INLINE T distance_squared(vec<T, n> a, vec<T, n> b) { return dot(a - b, a - b); }
template <class T, int n>
SIM_INLINE vec<T, n> normalize(vec<T, n> a) { return a * rsqrt(dot(a, a)); }
template <class T, int n>
SIM_INLINE vec<T, n> reflect(vec<T, n> i, vec<T, n> n_) { return i - T(2) * dot(n_, i) * n_; }
template <class T, int n>
SIM_INLINE vec<T, n> faceforward(vec<T, n> n_, vec<T, n> i, vec<T, n> reference) { return dot(reference, i) < T(0) ? n_ : -n_; }

template <class T, int n>
SIM_INLINE vec<T, n> refract(vec<T, n> i, vec<T, n> n_, T eta) {
  const T along = dot(n_, i);
  const T k = T(1) - eta * eta * (T(1) - along * along);
  return k < T(0) ? (vec<T, n>)(T(0)) : eta * i - (eta * along + sqrt(k)) * n_;
}

}  // namespace metal
