// packed_float3 and the like: vectors with the alignment of their elements.
#pragma once
#include "vectors.h"

namespace metal {

template <class T, int n>
struct packed_vec;
template <class T>
constexpr int sim_packed_size = 0;
template <class T, int n>
constexpr int sim_packed_size<packed_vec<T, n>> = n;

#define SIM_PACKED_MEMBERS(n)                                                                       \
  using vector = vec<T, n>;                                                                         \
  packed_vec() = default;                                                                           \
  SIM_INLINE packed_vec(vector v) {                                                                 \
    for (int i = 0; i < n; i++) (&x)[i] = v[i];                                                     \
  }                                                                                                 \
  SIM_INLINE packed_vec(T s) {                                                                      \
    for (int i = 0; i < n; i++) (&x)[i] = s;                                                        \
  }                                                                                                 \
  SIM_INLINE vector unpacked() const {                                                              \
    vector v;                                                                                       \
    for (int i = 0; i < n; i++) v[i] = (&x)[i];                                                     \
    return v;                                                                                       \
  }                                                                                                 \
  SIM_INLINE operator vector() const { return unpacked(); }                                         \
  SIM_INLINE T& operator[](int i) { return (&x)[i]; }                                               \
  SIM_INLINE T operator[](int i) const { return (&x)[i]; }                                          \
  SIM_INLINE packed_vec& operator+=(vector v) { return *this = packed_vec(unpacked() + v); }        \
  SIM_INLINE packed_vec& operator-=(vector v) { return *this = packed_vec(unpacked() - v); }        \
  SIM_INLINE packed_vec& operator*=(vector v) { return *this = packed_vec(unpacked() * v); }        \
  SIM_INLINE packed_vec& operator/=(vector v) { return *this = packed_vec(unpacked() / v); }        \
  SIM_INLINE friend vector operator+(packed_vec a, packed_vec b) { return a.unpacked() + b.unpacked(); } \
  SIM_INLINE friend vector operator-(packed_vec a, packed_vec b) { return a.unpacked() - b.unpacked(); } \
  SIM_INLINE friend vector operator*(packed_vec a, packed_vec b) { return a.unpacked() * b.unpacked(); } \
  SIM_INLINE friend vector operator/(packed_vec a, packed_vec b) { return a.unpacked() / b.unpacked(); } \
  SIM_INLINE friend vector operator-(packed_vec a) { return -a.unpacked(); }

template <class T>
struct packed_vec<T, 2> {
  T x, y;
  SIM_INLINE packed_vec(T a, T b) : x(a), y(b) {}
  SIM_PACKED_MEMBERS(2)
};
template <class T>
struct packed_vec<T, 3> {
  T x, y, z;
  SIM_INLINE packed_vec(T a, T b, T c) : x(a), y(b), z(c) {}
  SIM_PACKED_MEMBERS(3)
};
template <class T>
struct packed_vec<T, 4> {
  T x, y, z, w;
  SIM_INLINE packed_vec(T a, T b, T c, T d) : x(a), y(b), z(c), w(d) {}
  SIM_PACKED_MEMBERS(4)
};
#undef SIM_PACKED_MEMBERS

}  // namespace metal

#define SIM_PACKED(T)                             \
  using packed_##T##2 = metal::packed_vec<T, 2>;  \
  using packed_##T##3 = metal::packed_vec<T, 3>;  \
  using packed_##T##4 = metal::packed_vec<T, 4>;  \
  namespace metal {                               \
  using ::packed_##T##2;                          \
  using ::packed_##T##3;                          \
  using ::packed_##T##4;                          \
  }
SIM_PACKED(char)
SIM_PACKED(uchar)
SIM_PACKED(short)
SIM_PACKED(ushort)
SIM_PACKED(int)
SIM_PACKED(uint)
SIM_PACKED(long)
SIM_PACKED(ulong)
SIM_PACKED(half)
SIM_PACKED(bfloat)
SIM_PACKED(float)
#undef SIM_PACKED
