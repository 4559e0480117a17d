// Attention of a few query vectors to one split of positions, for attention_decode and attention_prefill, which so give the same bits:
// the operations that a vector's result is made of depend on headDim and on heads / kvHeads, not on which vectors share the work.
//
// A threadgroup of 8 simdgroups has vectors r * heads + h: head h of row r, for `rows` neighbouring rows and up to 8 heads of one kv head.
// It goes through the positions of the split in tiles of 64, and reads each key and value once for all of them:
//   scores     a simdgroup has 8 positions; 8 lanes share a product, lane l the elements 4l..4l+3, 4l+32.., ...
//   softmax    a simdgroup has every 8th vector: the maximum so far, exponentials, their sum (online softmax, in float32)
//   values     a simdgroup has a head of every row; where there are fewer than 8 heads, or fewer than 32 groups of 4 elements in a value,
//              simdgroups and lanes share the positions: class c has positions c, c + classes, ... of a tile, and the classes are added
//              at the end of the split, in a fixed order.
#ifndef METAL_FP4_ATTENTION_H
#define METAL_FP4_ATTENTION_H

#include <metal_stdlib>
using namespace metal;

#include "exponential.h"
#include "kv_pool.h"
#include "reduce.h"

namespace fp4 {

constant constexpr uint attention_threads = 256;
constant constexpr uint attention_simdgroups = 8;
constant constexpr uint tile_positions = 64;
constant constexpr uint max_vectors = 32;

struct attention_memory {
  float4 queries[1024];                        // [vectors, ceil(headDim / 4)]
  float4 gathered[attention_simdgroups * 32];  // sums of the classes
  float scores[max_vectors * tile_positions];  // then exponentials
  ulong slots[tile_positions];                 // where the keys and values of a position are
  float maximum[max_vectors], sum[max_vectors], factor[max_vectors];
};

// What does not change over a threadgroup's splits.
struct attention_place {
  device const half* keys;
  device const half* values;
  uint headDim, quads;       // quads: groups of 4 elements
  uint heads;                // of this threadgroup's vectors
  uint simdgroups_per_head;  // 8, 4, 2 or 1
  uint value_lanes;          // that share a value: 8, 16 or 32
  uint thread_index, simdgroup, lane;
  float scale;
};

// The head of a simdgroup in the step of values, and the place of a lane there.
inline uint own_head(attention_place at) { return at.simdgroup / at.simdgroups_per_head; }
inline uint own_quad(attention_place at) { return at.lane % at.value_lanes; }
inline uint own_class(attention_place at) {
  return at.simdgroup % at.simdgroups_per_head * (32u / at.value_lanes) + at.lane / at.value_lanes;
}

// Heads that share a threadgroup: all of a kv head, as far as their sums fit; and whole simdgroups for each.
inline uint heads_per_threadgroup(uint headDim) { return headDim > 512u ? 4u : 8u; }

template <typename Params>
inline attention_place place_of(constant Params& params, device const half* keys, device const half* values, uint first_head,
                                uint thread_index, uint simdgroup, uint lane) {
  attention_place at;
  at.keys = keys;
  at.values = values;
  at.headDim = params.headDim;
  at.quads = (params.headDim + 3u) / 4u;
  const uint group = params.heads / params.kvHeads, most = heads_per_threadgroup(params.headDim);
  at.heads = min(group - first_head, most);
  uint slots = 1u;  // a power of two
  while (slots < min(group, most)) slots *= 2u;
  at.simdgroups_per_head = attention_simdgroups / slots;
  at.value_lanes = at.quads <= 8u ? 8u : at.quads <= 16u ? 16u : 32u;
  at.thread_index = thread_index;
  at.simdgroup = simdgroup;
  at.lane = lane;
  at.scale = params.scale;
  return at;
}

// Elements d..d+3 of a key or value, d a multiple of 4; those beyond headDim, which is even, are 0.
inline float4 load_quad(device const half* from, uint d, uint headDim) {
  if (headDim % 4u == 0u) return float4(*reinterpret_cast<device const half4*>(from + d));
  const float2 low = float2(*reinterpret_cast<device const half2*>(from + d));
  if (d + 2u >= headDim) return float4(low.x, low.y, 0.0f, 0.0f);
  const float2 high = float2(*reinterpret_cast<device const half2*>(from + d + 2u));
  return float4(low.x, low.y, high.x, high.y);
}

// The queries of `rows` rows into threadgroup memory: at `from`, the first head of the first row, rows stride elements apart.
inline void load_queries(attention_place at, device const float* from, uint rows, ulong stride, threadgroup attention_memory& memory) {
  for (uint i = at.thread_index; i < rows * at.heads * at.quads; i += attention_threads) {
    const uint vector = i / at.quads, d = 4u * (i % at.quads);
    device const float* x = from + vector / at.heads * stride + vector % at.heads * at.headDim + d;
    const bool whole = d + 2u < at.headDim;
    float4 four = float4(x[0], x[1], 0.0f, 0.0f);
    if (whole) four.z = x[2];
    if (whole && d + 3u < at.headDim) four.w = x[3];
    memory.queries[i] = four;
  }
}

// How many positions of the tile from `first` on a row sees, whose positions end before `end`.
inline uint seen(ulong end, ulong first) { return end <= first ? 0u : uint(min(end - first, ulong(tile_positions))); }

// Where the positions of a tile are, the first `count` of them; the others get a place that exists. A block outside the pool fails.
template <typename Params>
inline void find_slots(constant Params& params, device const uint* blockTable, device atomic_uint* status, uint row, uint kvHead,
                       ulong first, uint count, uint thread_index, threadgroup attention_memory& memory) {
  if (thread_index >= tile_positions) return;
  ulong slot = 0ul;
  if (thread_index < count) {
    const uint position = uint(first) + thread_index;
    const uint block = find_block(params, blockTable, status, row, position);
    slot = pool_offset(params, block < params.poolBlocks ? block : 0u, kvHead, position);
  }
  memory.slots[thread_index] = slot;
}

}  // namespace fp4

#endif
