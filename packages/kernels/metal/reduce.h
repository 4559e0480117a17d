// Sums over a simdgroup or a threadgroup, in a fixed order, and the same bits in every thread: lane i is added to i ^ 16, then to
// i ^ 8, ..., i ^ 1 (addition commutes, so both lanes of a pair get one result), and the simdgroups' sums in the same way.
#ifndef METAL_FP4_REDUCE_H
#define METAL_FP4_REDUCE_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

constant constexpr uint simdgroup_lanes = 32;

// Over aligned runs of `width` lanes, a power of two of at most 32.
template <typename T>
inline T lanes_sum(T x, uint width) {
  for (uint mask = width / 2u; mask > 0u; mask /= 2u) x = x + simd_shuffle_xor(x, ushort(mask));
  return x;
}

template <typename T>
inline T simdgroup_sum(T x) {
  return lanes_sum(x, simdgroup_lanes);
}

// The largest: any order gives the same.
inline float simdgroup_largest(float x) {
  for (uint mask = simdgroup_lanes / 2u; mask > 0u; mask /= 2u) x = max(x, simd_shuffle_xor(x, ushort(mask)));
  return x;
}

// Over a threadgroup of whole simdgroups. `sums` has a float for each of them, and may be used again after a barrier.
inline float threadgroup_sum(float x, threadgroup float* sums, uint simdgroup, uint simdgroups, uint lane) {
  const float own = simdgroup_sum(x);
  if (lane == 0) sums[simdgroup] = own;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return simdgroup_sum(lane < simdgroups ? sums[lane] : 0.0f);
}

}  // namespace fp4

#endif
