// What argmax, sample_token and moe_router_topk share: the order of logits, and the largest of a row.
#ifndef METAL_FP4_LOGITS_H
#define METAL_FP4_LOGITS_H

#include "kernel.h"

namespace ISA_NAMESPACE {

// Keys that are ordered as the numbers are; -0 has that of 0, NaNs lie outside those of the infinities.
SIMD uint32_t ordered_key(float x) {
  const float canonical = x + 0.0f;
  uint32_t bits;
  memcpy(&bits, &canonical, sizeof(bits));
  return bits ^ (0x80000000u | (0u - (bits >> 31)));
}
constexpr uint32_t key_of_infinity = 0xff800000u;
constexpr uint32_t key_of_minus_infinity = 0x007fffffu;

// The first index of the largest of n >= 1 logits. Non-zero after a message for a NaN, for +infinity, and when all are -infinity.
[[maybe_unused]] static int find_largest(const cpu_kernel_call* call, const float* logits, uint64_t n, uint64_t row, uint32_t* index) {
  // Integer maxima and minima may be taken in any order, so the compiler does it over lanes.
  uint32_t largest = 0, smallest = 0xffffffffu;
  for (uint64_t i = 0; i < n; i++) {
    const uint32_t key = ordered_key(logits[i]);
    largest = key > largest ? key : largest;
    smallest = key < smallest ? key : smallest;
  }
  if (largest == key_of_minus_infinity) return fail(call, "no logit at row %u is above -infinity", (unsigned)row);
  const bool refused = largest >= key_of_infinity || smallest < key_of_minus_infinity;
  for (uint64_t i = 0; i < n; i++) {
    const uint32_t key = ordered_key(logits[i]);
    if (refused && (key >= key_of_infinity || key < key_of_minus_infinity)) {
      return fail(call, "logit %u at row %u is %s", (unsigned)i, (unsigned)row,
                  key == key_of_infinity ? "+infinity" : "NaN");
    }
    if (!refused && key == largest) {
      *index = static_cast<uint32_t>(i);
      return 0;
    }
  }
  return 0;
}

}  // namespace ISA_NAMESPACE

#endif
