// What argmax, sample_token and moe_router_topk share: the order of logits, and the largest of a row.
#ifndef METAL_FP4_LOGITS_H
#define METAL_FP4_LOGITS_H

#include <metal_stdlib>
using namespace metal;

#include "reduce.h"
#include "status.h"

namespace fp4 {

// What the kernels of logits refuse, in the order of the manifest's messages.
constant constexpr uint refused_all = 1;
constant constexpr uint refused_nan = 2;
constant constexpr uint refused_infinity = 3;

// Keys that are ordered as the numbers are; -0 has that of 0, NaNs lie outside those of the infinities. In integers, as a GPU may take
// subnormal numbers for 0.
inline uint ordered_key(float x) {
  const uint bits = as_type<uint>(x) == 0x80000000u ? 0u : as_type<uint>(x);
  return bits ^ (0x80000000u | (0u - (bits >> 31)));
}
constant constexpr uint key_of_infinity = 0xff800000u;
constant constexpr uint key_of_minus_infinity = 0x007fffffu;

// The number of a key.
inline float number_of_key(uint key) { return as_type<float>((key & 0x80000000u) != 0u ? key ^ 0x80000000u : ~key); }

// The largest key and its first index, and the first index of a logit that is refused.
struct extremes {
  uint key, index, refused;
};
constant constexpr uint none_refused = 0xffffffffu;

inline extremes no_extremes() {
  extremes none;
  none.key = 0u;
  none.index = 0xffffffffu;
  none.refused = none_refused;
  return none;
}

inline extremes larger(extremes a, extremes b) {
  extremes result;
  const bool first = a.key > b.key || (a.key == b.key && a.index < b.index);
  result.key = first ? a.key : b.key;
  result.index = first ? a.index : b.index;
  result.refused = min(a.refused, b.refused);
  return result;
}

// Of every `threads`-th logit from `thread_index` on.
inline extremes own_extremes(device const float* logits, uint n, uint thread_index, uint threads) {
  extremes own = no_extremes();
  for (ulong i = thread_index; i < n; i += threads) {
    extremes one;
    one.key = ordered_key(logits[i]);
    one.index = uint(i);
    one.refused = one.key >= key_of_infinity || one.key < key_of_minus_infinity ? uint(i) : none_refused;
    own = larger(own, one);
  }
  return own;
}

// Over a simdgroup; the same in all lanes.
inline extremes simdgroup_extremes(extremes own) {
  for (uint mask = simdgroup_lanes / 2u; mask > 0u; mask /= 2u) {
    extremes other;
    other.key = simd_shuffle_xor(own.key, ushort(mask));
    other.index = simd_shuffle_xor(own.index, ushort(mask));
    other.refused = simd_shuffle_xor(own.refused, ushort(mask));
    own = larger(own, other);
  }
  return own;
}

// Over a threadgroup of at most 32 simdgroups, each with a place in `all`; the same in all threads.
inline extremes threadgroup_extremes(extremes own, threadgroup extremes* all, uint simdgroup, uint simdgroups, uint lane) {
  own = simdgroup_extremes(own);
  if (lane == 0u) {
    all[simdgroup].key = own.key;
    all[simdgroup].index = own.index;
    all[simdgroup].refused = own.refused;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  extremes other = no_extremes();
  if (lane < simdgroups) {
    other.key = all[lane].key;
    other.index = all[lane].index;
    other.refused = all[lane].refused;
  }
  return simdgroup_extremes(other);
}

// Whether a row is refused: a NaN, +infinity, or nothing but -infinity in it.
inline bool refuse_logits(device const float* logits, extremes found, uint row, device atomic_uint* status) {
  if (found.key == key_of_minus_infinity) {
    fail(status, refused_all, row, 0u);
    return true;
  }
  if (found.refused == none_refused) return false;
  const bool infinite = ordered_key(logits[found.refused]) == key_of_infinity;
  fail(status, infinite ? refused_infinity : refused_nan, found.refused, row);
  return true;
}

}  // namespace fp4

#endif
