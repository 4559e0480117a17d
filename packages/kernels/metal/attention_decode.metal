// attention_decode: row m attends to positions 0..positions[m]; split s covers positions s * splitLength up to (s + 1) * splitLength and
// gives, for each head, the weighted sum of values, the maximum score and the sum of exponentials: partials [M, heads, splits, headDim + 2].
// queries [M, heads, headDim]; keys and values are half, [poolBlocks, kvHeads, blockSize, headDim], by a block table.
// Grid: splits x kvHeads x M threadgroups of 256 threads: one split for the query heads of one kv head, up to 8 of them at a time. Splits
// beyond a position are left unwritten. A position or a block outside its range fails.
#include <metal_stdlib>
using namespace metal;

#include "attention_split.h"
#include "params.h"

namespace attention_decode_ {

constant constexpr uint refused_splits = 3;

struct split_of_row {
  uint row, kvHead, split;
  ulong begin, end;  // positions
};

template <uint quads>
static void attend(constant attention_decode_params& params, split_of_row part, uint first_head, fp4::attention_place at,
                   device const float* queries, device const uint* blockTable, device float* partials,
                   device atomic_uint* status, threadgroup fp4::attention_memory& memory) {
  const ulong head = ulong(part.row) * params.heads + part.kvHead * (params.heads / params.kvHeads) + first_head;
  fp4::load_queries(at, queries + head * params.headDim, 1u, 0ul, memory);
  fp4::weighted_values<1, quads> sums;
  const ulong ends[1] = {part.end};
  fp4::attend_split<1, quads>(params, at, blockTable, status, part.row, part.kvHead, part.begin, ends, 0u, at.heads, sums, memory);
  if (fp4::has_sums(at)) {
    device float* out = partials + ((head + fp4::own_head(at)) * params.splits + part.split) * (ulong(params.headDim) + 2u);
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) {
      const uint d = 4u * (fp4::own_quad(at) + 32u * q);
#pragma clang loop unroll(full)
      for (uint i = 0; i < 4u; i++) {
        if (d + i < params.headDim) out[d + i] = sums.of[0][q][i];
      }
    }
    if (at.lane == 0u) {
      out[params.headDim] = memory.maximum[fp4::own_head(at)];
      out[params.headDim + 1u] = memory.sum[fp4::own_head(at)];
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // before the next heads
}

}  // namespace attention_decode_

[[max_total_threads_per_threadgroup(256)]]
kernel void attention_decode(device const float* queries [[buffer(0)]],
                             device const half* keys [[buffer(1)]],
                             device const half* values [[buffer(2)]],
                             device const uint* positions [[buffer(3)]],
                             device const uint* blockTable [[buffer(4)]],
                             device float* partials [[buffer(5)]],
                             constant attention_decode_params& params [[buffer(6)]],
                             device atomic_uint* status [[buffer(7)]],
                             uint3 group [[threadgroup_position_in_grid]],
                             uint thread_index [[thread_index_in_threadgroup]],
                             uint simdgroup [[simdgroup_index_in_threadgroup]],
                             uint lane [[thread_index_in_simdgroup]]) {
  using namespace attention_decode_;
  threadgroup fp4::attention_memory memory;
  split_of_row part;
  part.split = group.x;
  part.kvHead = group.y;
  part.row = group.z;
  const uint position = positions[part.row], last = position / params.splitLength;
  if (!fp4::position_in_table(params, status, part.row, position)) return;
  if (last >= params.splits) {
    fp4::fail(status, refused_splits, position, part.row);
    return;
  }
  if (part.split > last) return;
  part.begin = ulong(part.split) * params.splitLength;
  part.end = min(part.begin + params.splitLength, ulong(position) + 1u);

  const uint heads = params.heads / params.kvHeads;
  for (uint head = 0; head < heads; head += fp4::heads_per_threadgroup(params.headDim)) {
    const fp4::attention_place at = fp4::place_of(params, keys, values, head, thread_index, simdgroup, lane);
    if (at.quads <= 32u) {
      attend<1>(params, part, head, at, queries, blockTable, partials, status, memory);
    } else if (at.quads <= 64u) {
      attend<2>(params, part, head, at, queries, blockTable, partials, status, memory);
    } else {
      attend<8>(params, part, head, at, queries, blockTable, partials, status, memory);
    }
  }
}
