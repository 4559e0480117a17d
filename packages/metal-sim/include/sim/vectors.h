// Vector types: clang's, so that swizzles and operators are the compiler's, and metal::vec<T, n> is deduced in templates.
#pragma once
#include "traits.h"

namespace metal {
template <class T, int n>
using vec = T __attribute__((ext_vector_type(n)));
}

#define SIM_VECTORS(T)                                    \
  typedef T T##2 __attribute__((ext_vector_type(2)));     \
  typedef T T##3 __attribute__((ext_vector_type(3)));     \
  typedef T T##4 __attribute__((ext_vector_type(4)));     \
  namespace metal {                                       \
  using ::T##2;                                           \
  using ::T##3;                                           \
  using ::T##4;                                           \
  }
SIM_VECTORS(char)
SIM_VECTORS(uchar)
SIM_VECTORS(short)
SIM_VECTORS(ushort)
SIM_VECTORS(int)
SIM_VECTORS(uint)
SIM_VECTORS(long)
SIM_VECTORS(ulong)
SIM_VECTORS(half)
SIM_VECTORS(bfloat)
SIM_VECTORS(float)
#undef SIM_VECTORS

namespace metal {

// Size and element of a vector type; size 0 for others.
template <class T>
struct sim_vector {
  static constexpr int size = 0;
  using element = T;
};
template <class T, int n>
struct sim_vector<T __attribute__((ext_vector_type(n)))> {
  static constexpr int size = n;
  using element = T;
};
template <class T>
constexpr int sim_size = sim_vector<T>::size;
template <class T>
using sim_element = typename sim_vector<T>::element;

// Vectors of bool are a class: comparisons of clang's vectors give integers, which convert to it.
template <int n>
struct sim_bools;

template <class T>
constexpr int sim_bools_size = 0;
template <int n>
constexpr int sim_bools_size<sim_bools<n>> = n;

#define SIM_BOOL_OPERATOR(n, op, expression)                            \
  SIM_INLINE friend sim_bools operator op(sim_bools a, sim_bools b) {   \
    sim_bools r;                                                        \
    for (int i = 0; i < n; i++) r[i] = expression;                      \
    return r;                                                           \
  }
#define SIM_BOOL_OPERATORS(n)                                           \
  sim_bools() = default;                                                \
  template <class T>                                                    \
  SIM_INLINE sim_bools(vec<T, n> v) {                                   \
    for (int i = 0; i < n; i++) (*this)[i] = bool(v[i]);                \
  }                                                                     \
  SIM_INLINE bool& operator[](int i) { return (&x)[i]; }                \
  SIM_INLINE bool operator[](int i) const { return (&x)[i]; }           \
  /* As the integers that comparisons give: 0 and -1. */                \
  SIM_INLINE operator vec<int, n>() const {                             \
    vec<int, n> v;                                                      \
    for (int i = 0; i < n; i++) v[i] = -int((*this)[i]);                \
    return v;                                                           \
  }                                                                     \
  SIM_INLINE sim_bools operator!() const { return *this ^ sim_bools(true); } \
  SIM_INLINE sim_bools operator~() const { return !*this; }             \
  SIM_BOOL_OPERATOR(n, &, a[i] && b[i])                                 \
  SIM_BOOL_OPERATOR(n, |, a[i] || b[i])                                 \
  SIM_BOOL_OPERATOR(n, ^, a[i] != b[i])                                 \
  SIM_BOOL_OPERATOR(n, &&, a[i] && b[i])                                \
  SIM_BOOL_OPERATOR(n, ||, a[i] || b[i])                                \
  SIM_BOOL_OPERATOR(n, ==, a[i] == b[i])                                \
  SIM_BOOL_OPERATOR(n, !=, a[i] != b[i])

template <>
struct sim_bools<2> {
  bool x, y;
  SIM_INLINE sim_bools(bool a) : x(a), y(a) {}
  SIM_INLINE sim_bools(bool a, bool b) : x(a), y(b) {}
  SIM_BOOL_OPERATORS(2)
};
template <>
struct sim_bools<3> {
  bool x, y, z;
  SIM_INLINE sim_bools(bool a) : x(a), y(a), z(a) {}
  SIM_INLINE sim_bools(bool a, bool b, bool c) : x(a), y(b), z(c) {}
  SIM_BOOL_OPERATORS(3)
};
template <>
struct sim_bools<4> {
  bool x, y, z, w;
  SIM_INLINE sim_bools(bool a) : x(a), y(a), z(a), w(a) {}
  SIM_INLINE sim_bools(bool a, bool b, bool c, bool d) : x(a), y(b), z(c), w(d) {}
  SIM_BOOL_OPERATORS(4)
};
#undef SIM_BOOL_OPERATORS
#undef SIM_BOOL_OPERATOR

}  // namespace metal

using bool2 = metal::sim_bools<2>;
using bool3 = metal::sim_bools<3>;
using bool4 = metal::sim_bools<4>;
namespace metal {
using ::bool2;
using ::bool3;
using ::bool4;
}  // namespace metal
