// attention_prefill: out[m, h] = softmax(scale * queries[m, h] . keys[0..positions[m], h]) values, for any M; the splits and the bits of
// attention_decode with attention_combine. queries, out [M, heads, headDim]; the pool as in attention_decode.
// Grid: kvHeads x ceil(M / rows) threadgroups of 256 threads: the query heads of one kv head, up to 8 at a time, of 4 rows (2 where headDim
// is above 128, 1 above 256). Rows of one sequence (tableStride 0) share what is read. A position or block outside its range fails.
#include <metal_stdlib>
using namespace metal;

#include "attention_split.h"
#include "params.h"
#include "running_softmax.h"

namespace attention_prefill_ {

struct bound {
  device const float* queries;
  device const uint* positions;
  device const uint* blockTable;
  device float* out;
  device atomic_uint* status;
};

// Rows first..first + rows of a kv head, those that exist and are in order, for the heads from first_head on. Rows begin <= r < end take
// part; they have one block table.
template <uint rows, uint quads>
static void attend(constant attention_prefill_params& params, bound args, uint first, uint begin, uint end, uint kvHead,
                   uint first_head, fp4::attention_place at, threadgroup fp4::attention_memory& memory) {
  const ulong stride = ulong(params.heads) * params.headDim;
  const ulong at_first = first * stride + (ulong(kvHead) * (params.heads / params.kvHeads) + first_head) * params.headDim;
  ulong row_ends[rows], longest = 0ul;
  uint longest_row = first + begin;
#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) {
    row_ends[r] = 0ul;
    if (r < begin || r >= end) continue;
    const uint position = args.positions[first + r];
    if (fp4::position_in_table(params, args.status, first + r, position)) row_ends[r] = ulong(position) + 1u;
    if (row_ends[r] > longest) longest_row = first + r;
    longest = max(longest, row_ends[r]);
  }
  fp4::load_queries(at, args.queries + at_first, min(rows, params.m - first), stride, memory);

  fp4::weighted_values<rows, quads> totals, sums;
  fp4::running_softmax states[rows];
  for (ulong split = 0ul; split < longest; split += params.splitLength) {
    ulong ends[rows];
#pragma clang loop unroll(full)
    for (uint r = 0; r < rows; r++) ends[r] = min(row_ends[r], split + params.splitLength);
    fp4::attend_split<rows, quads>(params, at, args.blockTable, args.status, longest_row, kvHead, split, ends,
                                   begin * at.heads, end * at.heads, sums, memory);
#pragma clang loop unroll(full)
    for (uint r = 0; r < rows; r++) {
      if (ends[r] <= split || !fp4::has_sums(at)) continue;
      const uint vector = r * at.heads + fp4::own_head(at);
      if (split == 0ul) {
        states[r] = fp4::first_split(memory.maximum[vector], memory.sum[vector]);
#pragma clang loop unroll(full)
        for (uint q = 0; q < quads; q++) totals.of[r][q] = sums.of[r][q];
      } else {
        const fp4::softmax_factors factors = fp4::add_split(states[r], memory.maximum[vector], memory.sum[vector]);
#pragma clang loop unroll(full)
        for (uint q = 0; q < quads; q++) totals.of[r][q] = fp4::add_values(totals.of[r][q], sums.of[r][q], factors);
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // maxima and sums have been read
  }

#pragma clang loop unroll(full)
  for (uint r = 0; r < rows; r++) {
    if (row_ends[r] == 0ul || !fp4::has_sums(at)) continue;
    device float* out = args.out + at_first + r * stride + fp4::own_head(at) * params.headDim;
#pragma clang loop unroll(full)
    for (uint q = 0; q < quads; q++) {
      const uint d = 4u * (fp4::own_quad(at) + 32u * q);
#pragma clang loop unroll(full)
      for (uint i = 0; i < 4u; i++) {
        if (d + i < params.headDim) out[d + i] = totals.of[r][q][i] / states[r].sum;
      }
    }
  }
}

// All heads of a kv head for `rows` rows.
template <uint rows, uint quads>
static void attend_rows(constant attention_prefill_params& params, bound args, device const half* keys, device const half* values,
                        uint3 group, uint thread_index, uint simdgroup, uint lane, threadgroup fp4::attention_memory& memory) {
  const uint first = group.y * rows, heads = params.heads / params.kvHeads, present = min(rows, params.m - first);
  const uint together = params.tableStride == 0u ? present : 1u;  // rows of several sequences have nothing to share
  for (uint head = 0; head < heads; head += fp4::heads_per_threadgroup(params.headDim)) {
    const fp4::attention_place at = fp4::place_of(params, keys, values, head, thread_index, simdgroup, lane);
    for (uint begin = 0; begin < present; begin += together) {
      attend<rows, quads>(params, args, first, begin, begin + together, group.x, head, at, memory);
      threadgroup_barrier(mem_flags::mem_threadgroup);  // before other queries come
    }
  }
}

}  // namespace attention_prefill_

[[max_total_threads_per_threadgroup(256)]]
kernel void attention_prefill(device const float* queries [[buffer(0)]],
                              device const half* keys [[buffer(1)]],
                              device const half* values [[buffer(2)]],
                              device const uint* positions [[buffer(3)]],
                              device const uint* blockTable [[buffer(4)]],
                              device float* out [[buffer(5)]],
                              constant attention_prefill_params& params [[buffer(6)]],
                              device atomic_uint* status [[buffer(7)]],
                              uint3 group [[threadgroup_position_in_grid]],
                              uint thread_index [[thread_index_in_threadgroup]],
                              uint simdgroup [[simdgroup_index_in_threadgroup]],
                              uint lane [[thread_index_in_simdgroup]]) {
  using namespace attention_prefill_;
  threadgroup fp4::attention_memory memory;
  bound args;
  args.queries = queries;
  args.positions = positions;
  args.blockTable = blockTable;
  args.out = out;
  args.status = status;
  if (params.headDim <= 128u) {
    attend_rows<4, 1>(params, args, keys, values, group, thread_index, simdgroup, lane, memory);
  } else if (params.headDim <= 256u) {
    attend_rows<2, 2>(params, args, keys, values, group, thread_index, simdgroup, lane, memory);
  } else {
    attend_rows<1, 8>(params, args, keys, values, group, thread_index, simdgroup, lane, memory);
  }
}
