// Multiply-adds of a source that is compiled to count: the compiler turns calls of llvm.fma and llvm.fmuladd into calls of these. Useful are those
// where neither factor is zero.
#pragma once
#ifdef METAL_SIM_COUNTING
#include "math.h"

namespace metal {
template <class T>
SIM_RAW void sim_count(T a, T b) {
  if constexpr (sim_size<T> == 0) {
    sim_count_multiply_add(1, a != T(0) && b != T(0));
  } else {
    ulong useful = 0;
    for (int i = 0; i < sim_size<T>; i++) useful += a[i] != 0 && b[i] != 0;
    sim_count_multiply_add(sim_size<T>, useful);
  }
}
SIM_RAW float sim_fused(float a, float b, float c) { return sim_library_fma(a, b, c); }
SIM_RAW half sim_fused(half a, half b, half c) { return half(sim_library_fma(float(a), float(b), float(c))); }
template <class T, int n>
SIM_RAW vec<T, n> sim_fused(vec<T, n> a, vec<T, n> b, vec<T, n> c) {
  for (int i = 0; i < n; i++) c[i] = sim_fused(T(a[i]), T(b[i]), T(c[i]));
  return c;
}
}  // namespace metal

#define SIM_COUNTING(T, name)                                                               \
  extern "C" __attribute__((used)) SIM_NO_CHECKS T sim_counting_fma_##name(T a, T b, T c) {     \
    metal::sim_count(a, b);                                                                 \
    return metal::sim_fused(a, b, c);                                                       \
  }                                                                                         \
  extern "C" __attribute__((used)) SIM_NO_CHECKS T sim_counting_fmuladd_##name(T a, T b, T c) { \
    metal::sim_count(a, b);                                                                 \
    const T product = a * b;                                                                \
    return T(product + c);                                                                  \
  }
SIM_COUNTING(float, f32)
SIM_COUNTING(float2, v2f32)
SIM_COUNTING(float3, v3f32)
SIM_COUNTING(float4, v4f32)
SIM_COUNTING(half, f16)
SIM_COUNTING(half2, v2f16)
SIM_COUNTING(half3, v3f16)
SIM_COUNTING(half4, v4f16)
#undef SIM_COUNTING
#endif
