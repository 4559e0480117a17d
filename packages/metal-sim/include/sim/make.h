// metal::sim_make: what Metal's constructors and casts of vectors become. And as_type.
#pragma once
#include "packed.h"

namespace metal {

template <class E, class A>
constexpr E sim_scalar(A value);

template <class T, class A>
SIM_INLINE constexpr T sim_widen(A value) {
  using E = sim_element<T>;
  if constexpr (__is_same(A, T)) {
    return value;
  } else if constexpr (sim_size<A> == sim_size<T>) {
    if constexpr (__is_same(E, bool)) return __builtin_convertvector(value != 0, T);
    else return __builtin_convertvector(value, T);
  } else if constexpr (sim_bools_size<A> == sim_size<T>) {
    T r;
    for (int i = 0; i < sim_size<T>; i++) r[i] = E(value[i]);
    return r;
  } else if constexpr (sim_packed_size<A> == sim_size<T>) {
    return sim_widen<T>(value.unpacked());
  } else {
    static_assert(sim_size<A> == 0, "a vector is built from one of the same size");
    return (T)(sim_scalar<E>(value));
  }
}

template <class E, class A>
SIM_INLINE constexpr E sim_scalar(A value) {
  if constexpr (is_floating_point<A>::value && is_floating_point<E>::value) return E(float(value));
  else return E(value);
}
template <class E, class A>
SIM_INLINE constexpr int sim_put(E* out, int at, A value) {
  if constexpr (sim_size<A> != 0) {
    for (int i = 0; i < sim_size<A>; i++) out[at + i] = sim_scalar<E>(sim_element<A>(value[i]));
    return at + sim_size<A>;
  } else if constexpr (sim_packed_size<A> != 0) {
    return sim_put(out, at, value.unpacked());
  } else {
    out[at] = sim_scalar<E>(value);
    return at + 1;
  }
}

template <class A>
constexpr int sim_width = sim_size<A> != 0 ? sim_size<A> : sim_packed_size<A> != 0 ? sim_packed_size<A> : 1;

template <class T, class... A>
SIM_INLINE constexpr T sim_make(A... values) {
  if constexpr (sim_size<T> == 0) {
    // clang converts no half to bfloat or back.
    if constexpr (sizeof...(A) == 1 && (__is_same(T, bfloat) || __is_same(T, half)) && (is_floating_point<A>::value && ...)) return T(float(values)...);
    else return T(values...);
  } else if constexpr (sizeof...(A) == 1) {
    return sim_widen<T>(values...);
  } else {
    using E = sim_element<T>;
    static_assert((sim_width<A> + ...) == sim_size<T>, "a vector is built from as many elements as it has");
    if constexpr (sizeof...(A) == sim_size<T>) {
      return T{sim_scalar<E>(values)...};
    } else {
      E out[sim_size<T>] = {};
      int at = 0;
      ((at = sim_put(out, at, values)), ...);
      if constexpr (sim_size<T> == 2) return T{out[0], out[1]};
      else if constexpr (sim_size<T> == 3) return T{out[0], out[1], out[2]};
      else return T{out[0], out[1], out[2], out[3]};
    }
  }
}

// The same of a comparison, whose elements are 0 and -1 where Metal's are false and true.
template <class T, class A>
SIM_INLINE constexpr T sim_make_mask(A value) {
  if constexpr (sim_size<A> != 0 && sim_size<T> != 0) {
    return sim_widen<T>(-value);
  } else {
    return sim_make<T>(value);
  }
}
template <class T, class A, class B, class... C>
SIM_INLINE constexpr T sim_make_mask(A a, B b, C... c) {
  return sim_make<T>(a, b, c...);
}

template <class T>
SIM_INLINE constexpr T sim_copy(T value) {
  return value;
}

// `{a, b, c}` as an argument: it becomes what the parameter is.
template <class... A>
struct sim_braces;
template <class A, class B>
struct sim_braces<A, B> {
  A a;
  B b;
  template <class T>
  SIM_INLINE constexpr operator T() const {
    if constexpr (sim_size<T> != 0) return sim_make<T>(a, b);
    else return T{a, b};
  }
};
template <class A, class B, class C>
struct sim_braces<A, B, C> {
  A a;
  B b;
  C c;
  template <class T>
  SIM_INLINE constexpr operator T() const {
    if constexpr (sim_size<T> != 0) return sim_make<T>(a, b, c);
    else return T{a, b, c};
  }
};
template <class A, class B, class C, class D>
struct sim_braces<A, B, C, D> {
  A a;
  B b;
  C c;
  D d;
  template <class T>
  SIM_INLINE constexpr operator T() const {
    if constexpr (sim_size<T> != 0) return sim_make<T>(a, b, c, d);
    else return T{a, b, c, d};
  }
};
template <class... A>
SIM_INLINE constexpr sim_braces<A...> sim_list(A... values) {
  return {values...};
}

template <class T, class A>
SIM_INLINE constexpr T as_type(A value) {
  static_assert(sizeof(T) == sizeof(A), "as_type needs types of one size");
  return __builtin_bit_cast(T, value);
}

}  // namespace metal
using metal::as_type;
