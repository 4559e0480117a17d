// <metal_simdgroup>: reductions and prefix sums, over lanes.h.
#pragma once
#include "lanes.h"

namespace metal {

// Reductions: in a tree, as a GPU's halves fold; lanes that take no part leave the other half as it is.
#define SIM_COMBINE(name, expression)             \
  struct sim_combine_##name {                     \
    template <class T>                            \
    SIM_INLINE static T of(T a, T b) {            \
      return T(expression);                       \
    }                                             \
  };
SIM_COMBINE(sum, a + b)
SIM_COMBINE(product, a* b)
SIM_COMBINE(min, min(a, b))
SIM_COMBINE(max, max(a, b))
#undef SIM_COMBINE
// Of bits, whatever the type.
#define SIM_COMBINE_BITS(name, op)                                                                   \
  struct sim_combine_##name {                                                                        \
    template <class T>                                                                               \
    SIM_INLINE static T of(T a, T b) {                                                               \
      if constexpr (is_floating_point<T>::value) {                                                   \
        using U = conditional_t<sizeof(T) == 4, uint, ushort>;                                       \
        return __builtin_bit_cast(T, U(__builtin_bit_cast(U, a) op __builtin_bit_cast(U, b)));       \
      } else {                                                                                       \
        return T(a op b);                                                                            \
      }                                                                                              \
    }                                                                                                \
  };
SIM_COMBINE_BITS(and, &)
SIM_COMBINE_BITS(or, |)
SIM_COMBINE_BITS(xor, ^)
#undef SIM_COMBINE_BITS

template <class F, uint width, class T>
SIM_RAW T sim_fold(sim_lanes<T> lanes, uint lane) {
  const uint base = lane & ~(width - 1);
  T v[width];
  bool has[width];
  for (uint i = 0; i < width; i++) {
    has[i] = lanes.has(base + i);
    if (has[i]) v[i] = lanes[base + i];
  }
  for (uint part = width / 2; part > 0; part /= 2)
    for (uint i = 0; i < part; i++) {
      if (has[i] && has[i + part]) v[i] = F::of(v[i], v[i + part]);
      else if (has[i + part]) v[i] = v[i + part];
      has[i] = has[i] || has[i + part];
    }
  return v[0];
}
template <class F, uint width, class T>
SIM_INLINE T sim_reduce(T value) {
  return sim_fold<F, width>(sim_gather(value), sim_lane());
}
template <class F, bool inclusive, uint width, class T>
SIM_RAW T sim_running(sim_lanes<T> lanes, uint lane, T first) {
  T result = first;
  bool any = false;
  for (uint i = lane & ~(width - 1); i < lane + (inclusive ? 1 : 0); i++) {
    if (!lanes.has(i)) continue;
    result = any ? F::of(result, lanes[i]) : lanes[i];
    any = true;
  }
  return result;
}
template <class F, bool inclusive, uint width, class T>
SIM_INLINE T sim_scan(T value, T first) {
  return sim_running<F, inclusive, width>(sim_gather(value), sim_lane(), first);
}

#define SIM_GROUP(prefix, width)                                                                                             \
  template <class T> SIM_INLINE T prefix##_sum(T value) { return sim_reduce<sim_combine_sum, width>(value); }                \
  template <class T> SIM_INLINE T prefix##_product(T value) { return sim_reduce<sim_combine_product, width>(value); }        \
  template <class T> SIM_INLINE T prefix##_min(T value) { return sim_reduce<sim_combine_min, width>(value); }                \
  template <class T> SIM_INLINE T prefix##_max(T value) { return sim_reduce<sim_combine_max, width>(value); }                \
  template <class T> SIM_INLINE T prefix##_and(T value) { return sim_reduce<sim_combine_and, width>(value); }                \
  template <class T> SIM_INLINE T prefix##_or(T value) { return sim_reduce<sim_combine_or, width>(value); }                  \
  template <class T> SIM_INLINE T prefix##_xor(T value) { return sim_reduce<sim_combine_xor, width>(value); }                \
  template <class T> SIM_INLINE T prefix##_prefix_inclusive_sum(T value) { return sim_scan<sim_combine_sum, true, width>(value, T(0)); }   \
  template <class T> SIM_INLINE T prefix##_prefix_exclusive_sum(T value) { return sim_scan<sim_combine_sum, false, width>(value, T(0)); }  \
  template <class T> SIM_INLINE T prefix##_prefix_inclusive_product(T value) { return sim_scan<sim_combine_product, true, width>(value, T(1)); } \
  template <class T> SIM_INLINE T prefix##_prefix_exclusive_product(T value) { return sim_scan<sim_combine_product, false, width>(value, T(1)); }
SIM_GROUP(simd, 32)
SIM_GROUP(quad, 4)
#undef SIM_GROUP

SIM_INLINE bool quad_any(bool value) { return sim_reduce<sim_combine_or, 4>(int(value)) != 0; }
SIM_INLINE bool quad_all(bool value) { return sim_reduce<sim_combine_and, 4>(int(value)) != 0; }

}  // namespace metal
