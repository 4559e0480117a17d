// Loads and stores of what is left of a row: 16 lanes, or `rest` of them where that is less.
#ifndef METAL_FP4_REST_H
#define METAL_FP4_REST_H

#include "kernel.h"

namespace ISA_NAMESPACE {

SIMD f32x16 load_rest(const float* p, uint64_t rest) {
  return rest >= lanes ? load(p) : load_first(p, static_cast<uint32_t>(rest));
}
SIMD void store_rest(float* p, f32x16 a, uint64_t rest) {
  if (rest >= lanes) {
    store(p, a);
  } else {
    store_first(p, a, static_cast<uint32_t>(rest));
  }
}
SIMD f32x16 load_half_rest(const uint16_t* p, uint64_t rest) {
  return rest >= lanes ? load_half(p) : load_half_first(p, static_cast<uint32_t>(rest));
}
SIMD f32x16 load_bf16_rest(const uint16_t* p, uint64_t rest) {
  return rest >= lanes ? load_bf16(p) : load_bf16_first(p, static_cast<uint32_t>(rest));
}
SIMD void store_half_rest(uint16_t* p, f32x16 a, uint64_t rest) {
  if (rest >= lanes) {
    store_half(p, a);
  } else {
    store_half_first(p, a, static_cast<uint32_t>(rest));
  }
}

}  // namespace ISA_NAMESPACE

#endif
