// The steps of a split of attention; see attention.h.
#ifndef METAL_FP4_ATTENTION_SPLIT_H
#define METAL_FP4_ATTENTION_SPLIT_H

#include <metal_stdlib>
using namespace metal;

#include "attention.h"

namespace fp4 {

// Scores of vectors begin <= v < end with the first `count` positions of the tile: scores[64 v + position].
inline void score_tile(attention_place at, uint begin, uint end, uint count, threadgroup attention_memory& memory) {
  const uint part = at.lane % 8u, low = 8u * at.simdgroup + at.lane / 8u, high = low + 4u;
  if (8u * at.simdgroup >= count) return;
  device const half* low_key = at.keys + memory.slots[low];
  device const half* high_key = at.keys + memory.slots[high];
  for (uint base = begin; base < end; base += 8u) {
    float2 products[8] = {};  // of the low and the high position
    for (uint quad = part; quad < at.quads; quad += 8u) {
      const float4 a = load_quad(low_key, 4u * quad, at.headDim), b = load_quad(high_key, 4u * quad, at.headDim);
#pragma clang loop unroll(full)
      for (uint v = 0; v < 8u; v++) {
        if (base + v >= end) break;
        const float4 query = memory.queries[(base + v) * at.quads + quad];
        products[v] = fma(float2(query.x), float2(a.x, b.x), products[v]);
        products[v] = fma(float2(query.y), float2(a.y, b.y), products[v]);
        products[v] = fma(float2(query.z), float2(a.z, b.z), products[v]);
        products[v] = fma(float2(query.w), float2(a.w, b.w), products[v]);
      }
    }
#pragma clang loop unroll(full)
    for (uint v = 0; v < 8u; v++) {
      if (base + v >= end) break;
      const float2 score = lanes_sum(products[v], 8u) * at.scale;
      if (part == v) {
        memory.scores[(base + v) * tile_positions + low] = score.x;
        memory.scores[(base + v) * tile_positions + high] = score.y;
      }
    }
  }
}

// Scores of a vector become e^(score - the maximum so far); its sum so far and `factor`, by which its weighted values are multiplied,
// follow the maximum.
inline void exponentials(attention_place at, uint vector, uint count, threadgroup attention_memory& memory) {
  threadgroup float* scores = memory.scores + vector * tile_positions;
  const uint low = at.lane, high = at.lane + 32u;
  const float a = low < count ? scores[low] : -INFINITY, b = high < count ? scores[high] : -INFINITY;
  const float old = memory.maximum[vector], maximum = max(old, simdgroup_largest(max(a, b)));
  const float low_weight = low < count ? exponential(a - maximum) : 0.0f, high_weight = high < count ? exponential(b - maximum) : 0.0f;
  scores[low] = low_weight;
  scores[high] = high_weight;
  const float sum = simdgroup_sum(low_weight + high_weight);
  simdgroup_barrier(mem_flags::mem_threadgroup);  // all lanes have read the maximum
  if (at.lane == 0u) {
    const float factor = exponential(old - maximum);
    memory.factor[vector] = factor;
    memory.sum[vector] = fma(memory.sum[vector], factor, sum);
    memory.maximum[vector] = maximum;
  }
}

// The weighted values of a thread: quads own_quad, own_quad + 32, ... of its head of each row, over the positions of its class.
template <uint rows, uint quads>
struct weighted_values {
  float4 of[rows][quads];
};

// Adds the values of the tile, of which row r sees the first ends[r] - first.
template <uint rows, uint quads>
inline void add_tile(attention_place at, ulong first, thread const ulong (&ends)[rows], uint count,
                     thread weighted_values<rows, quads>& sums, threadgroup attention_memory& memory) {
  const uint head = own_head(at), classes = at.simdgroups_per_head * (32u / at.value_lanes);
  if (head >= at.heads) return;
  uint sees[rows];
#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) {
    sees[r] = seen(ends[r], first);
    if (sees[r] == 0u) continue;
    const float factor = memory.factor[r * at.heads + head];
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) sums.of[r][q] *= factor;
  }
  for (uint i = own_class(at); i < count; i += classes) {
    device const half* value = at.values + memory.slots[i];
    float weights[rows];
#pragma clang loop unroll(full)
    for (uint r = 0; r < rows; r++) weights[r] = i < sees[r] ? memory.scores[(r * at.heads + head) * tile_positions + i] : 0.0f;
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) {
      const uint d = 4u * (own_quad(at) + 32u * q);
      if (d >= at.headDim) break;
      const float4 four = load_quad(value, d, at.headDim);
#pragma clang loop unroll(full)
      for (uint r = 0; r < rows; r++) {
        // Not a weight of 0 for what a row does not see: a later row's value may be NaN.
        if (i < sees[r]) sums.of[r][q] = fma(float4(weights[r]), four, sums.of[r][q]);
      }
    }
  }
}

// Adds the classes: those of a simdgroup in pairs, then those of the simdgroups upwards. Lanes below value_lanes of the first simdgroup of
// each head then have the whole sums. All threads come here.
template <uint rows, uint quads>
inline void gather(attention_place at, thread weighted_values<rows, quads>& sums, threadgroup attention_memory& memory) {
#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) {
      float4 sum = sums.of[r][q];
      for (uint mask = 16u; mask >= at.value_lanes; mask /= 2u) sum = sum + simd_shuffle_xor(sum, ushort(mask));
      if (at.simdgroups_per_head > 1u) {
        memory.gathered[32u * at.simdgroup + at.lane] = sum;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (at.simdgroup % at.simdgroups_per_head == 0u) {
          for (uint s = 1; s < at.simdgroups_per_head; s++) sum = sum + memory.gathered[32u * (at.simdgroup + s) + at.lane];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
      }
      sums.of[r][q] = sum;
    }
  }
}

// Whether a thread has whole sums after `gather`.
inline bool has_sums(attention_place at) {
  return at.simdgroup % at.simdgroups_per_head == 0u && own_head(at) < at.heads && at.lane < at.value_lanes;
}

// One split: positions from `begin` on, of which row r sees those before ends[r]. Vectors first_vector <= v < end_vector take part, those
// of the rows of `tableRow`'s block table. Leaves weighted values in `sums` (see `gather`), and maximum and sum of each vector in memory.
template <uint rows, uint quads, typename Params>
inline void attend_split(constant Params& params, attention_place at, device const uint* blockTable, device atomic_uint* status,
                         uint tableRow, uint kvHead, ulong begin, thread const ulong (&ends)[rows], uint first_vector,
                         uint end_vector, thread weighted_values<rows, quads>& sums, threadgroup attention_memory& memory) {
#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) sums.of[r][q] = float4(0.0f);
  }
  ulong end = 0ul;
#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) end = max(end, ends[r]);
  if (at.thread_index < max_vectors) {
    memory.maximum[at.thread_index] = -INFINITY;
    memory.sum[at.thread_index] = 0.0f;
  }
  for (ulong first = begin; first < end; first += tile_positions) {
    const uint count = seen(end, first);
    find_slots(params, blockTable, status, tableRow, kvHead, first, count, at.thread_index, memory);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    score_tile(at, first_vector, end_vector, count, memory);
    threadgroup_barrier(mem_flags::mem_threadgroup);
#pragma clang loop unroll(full)
    for (uint r = 0; r < rows; r++) {
      const uint sees = seen(ends[r], first);
      if (sees == 0u) continue;
      // Vector v belongs to simdgroup v % 8.
      const uint skipped = (at.simdgroup - r * at.heads) % attention_simdgroups;
      for (uint h = skipped; h < at.heads; h += attention_simdgroups) exponentials(at, r * at.heads + h, sees, memory);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    add_tile<rows, quads>(at, first, ends, count, sums, memory);
    threadgroup_barrier(mem_flags::mem_threadgroup);
  }
  gather<rows, quads>(at, sums, memory);
}

}  // namespace fp4

#endif
