// The norm of rms_norm, add_rms_norm and the heads of rope_kv_append.
#ifndef METAL_FP4_NORMALIZE_H
#define METAL_FP4_NORMALIZE_H

#include <math.h>

#include "rest.h"

namespace ISA_NAMESPACE {

// 1 / sqrt(mean(x^2) + epsilon). Element i is added in lane i % 16 of sum (i / 16) % 4, so that four chains run at a time.
[[maybe_unused]] static float inverse_rms(const float* x, uint64_t k, float epsilon) {
  f32x16 sums[4] = {zero(), zero(), zero(), zero()};
  for (uint64_t i = 0; i < k; i += 64) {
    for (uint64_t j = 0; j < 4 && i + 16 * j < k; j++) {
      const f32x16 v = load_rest(x + i + 16 * j, k - i - 16 * j);
      sums[j] = fma(v, v, sums[j]);
    }
  }
  const float squares = reduce_add(add(add(sums[0], sums[1]), add(sums[2], sums[3])));
  return 1.0f / sqrtf(squares / static_cast<float>(k) + epsilon);
}

// out = weight * (x * inverse); out may be x.
[[maybe_unused]] static void scale_row(float* out, const float* x, const float* weight, uint64_t k, float inverse) {
  const f32x16 factor = splat(inverse);
  for (uint64_t i = 0; i < k; i += lanes) {
    store_rest(out + i, mul(load_rest(weight + i, k - i), mul(load_rest(x + i, k - i), factor)), k - i);
  }
}

}  // namespace ISA_NAMESPACE

#endif
