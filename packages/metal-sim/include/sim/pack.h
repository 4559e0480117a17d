// <metal_pack>: normalized integers in a word.
#pragma once
#include "relational.h"

namespace metal {

template <int n, int bits, bool is_signed, class W>
SIM_INLINE W sim_pack(vec<float, n> v) {
  constexpr float scale = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  W word = 0;
  for (int i = 0; i < n; i++) {
    const float x = clamp(float(v[i]), is_signed ? -1.0f : 0.0f, 1.0f);
    const int rounded = x != x ? 0 : int(rint(x * scale));
    word |= (W(rounded) & ((W(1) << bits) - 1)) << (bits * i);
  }
  return word;
}
template <class T, int n, int bits, bool is_signed, class W>
SIM_INLINE vec<T, n> sim_unpack(W word) {
  vec<T, n> v;
  for (int i = 0; i < n; i++) {
    const uint field = uint(word >> (bits * i)) & ((1u << bits) - 1);
    if constexpr (is_signed) v[i] = T(max(-1.0f, float(int(field << (32 - bits)) >> (32 - bits)) / float((1 << (bits - 1)) - 1)));
    else v[i] = T(float(field) / float((1u << bits) - 1));
  }
  return v;
}

#define SIM_PACKING(name, n, bits, is_signed)                                                                                 \
  SIM_INLINE uint pack_float_to_##name(vec<float, n> v) { return sim_pack<n, bits, is_signed, uint>(v); }                     \
  SIM_INLINE uint pack_half_to_##name(vec<half, n> v) {                                                                       \
    return sim_pack<n, bits, is_signed, uint>(sim_make<vec<float, n>>(v));                                                    \
  }                                                                                                                           \
  SIM_INLINE vec<float, n> unpack_##name##_to_float(uint word) { return sim_unpack<float, n, bits, is_signed>(word); }        \
  SIM_INLINE vec<half, n> unpack_##name##_to_half(uint word) { return sim_unpack<half, n, bits, is_signed>(word); }
SIM_PACKING(unorm4x8, 4, 8, false)
SIM_PACKING(snorm4x8, 4, 8, true)
SIM_PACKING(unorm2x16, 2, 16, false)
SIM_PACKING(snorm2x16, 2, 16, true)
#undef SIM_PACKING

}  // namespace metal
