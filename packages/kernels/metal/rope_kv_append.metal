// rope_kv_append: each query and key head of a row gets an RMS norm (constant `norm`) and is rotated by the angles of the row's position;
// keys and values go to their place in the pool, as half. qkv [M, heads + 2 kvHeads, headDim], queries [M, heads, headDim].
// Grid: ceil((heads + 2 kvHeads) / 4) x M threadgroups of 128 threads; a simdgroup has a head, a lane every 32nd pair of it.
// A position or a block outside its range fails, and nothing of that row is written.
#include <metal_stdlib>
using namespace metal;

#include "constants.h"
#include "kv_pool.h"
#include "params.h"
#include "reduce.h"

constant bool rope_kv_append_interleaved = constant0 == uint(rope_kv_append_pairing::interleaved);
constant bool rope_kv_append_normalized = constant1 == uint(rope_kv_append_norm::on);

namespace rope_kv_append_ {

constant constexpr uint refused_rotation = 3;
constant constexpr uint heads_per_threadgroup = 4;

// Nearest half, ties to even; what is beyond ±65504 becomes that, since one infinite key would make every later row NaN.
static half saturated(float x) {
  const float below = x > 65504.0f ? 65504.0f : x;  // comparisons with a NaN are false: it stays
  return half(below < -65504.0f ? -65504.0f : below);
}

// 1 / sqrt(mean(x^2) + epsilon) of a head.
static float inverse_rms(device const float* x, uint headDim, float epsilon, uint lane) {
  float squares = 0.0f;
  for (uint d = lane; d < headDim; d += fp4::simdgroup_lanes) squares = fma(x[d], x[d], squares);
  return 1.0f / sqrt(fp4::simdgroup_sum(squares) / float(headDim) + epsilon);
}

}  // namespace rope_kv_append_

[[max_total_threads_per_threadgroup(128)]]
kernel void rope_kv_append(device const float* qkv [[buffer(0)]],
                           device const float* queryNorm [[buffer(1), function_constant(rope_kv_append_normalized)]],
                           device const float* keyNorm [[buffer(2), function_constant(rope_kv_append_normalized)]],
                           device const float* rotations [[buffer(3)]],
                           device const uint* positions [[buffer(4)]],
                           device const uint* blockTable [[buffer(5)]],
                           device half* keys [[buffer(6)]],
                           device half* values [[buffer(7)]],
                           device float* queries [[buffer(8)]],
                           constant rope_kv_append_params& params [[buffer(9)]],
                           device atomic_uint* status [[buffer(10)]],
                           uint3 group [[threadgroup_position_in_grid]],
                           uint simdgroup [[simdgroup_index_in_threadgroup]],
                           uint lane [[thread_index_in_simdgroup]]) {
  using namespace rope_kv_append_;
  const uint row = group.y, position = positions[row], headDim = params.headDim;
  if (position >= params.maxPositions) {
    fp4::fail(status, refused_rotation, position, row);
    return;
  }
  if (!fp4::position_in_table(params, status, row, position)) return;
  const uint block = fp4::find_block(params, blockTable, status, row, position);
  if (block >= params.poolBlocks) return;

  // Heads of a row: its queries, its keys, its values.
  const ulong rowHeads = ulong(params.heads) + 2ul * params.kvHeads, head = ulong(group.x) * heads_per_threadgroup + simdgroup;
  if (head >= rowHeads) return;
  device const float* x = qkv + (row * rowHeads + head) * headDim;
  const bool isQuery = head < params.heads, isValue = head >= ulong(params.heads) + params.kvHeads;
  if (isValue) {
    device half* out = values + fp4::pool_offset(params, block, uint(head - params.heads - params.kvHeads), position);
    for (uint d = lane; d < headDim; d += fp4::simdgroup_lanes) out[d] = saturated(x[d]);
    return;
  }

  float inverse = 1.0f;
  if (rope_kv_append_normalized) inverse = inverse_rms(x, headDim, params.epsilon, lane);
  device const float* rotation = rotations + ulong(position) * headDim;
  device float* query = queries + (ulong(row) * params.heads + (isQuery ? head : 0ul)) * headDim;
  device half* key = keys + fp4::pool_offset(params, block, isQuery ? 0u : uint(head - params.heads), position);
  for (uint pair = lane; pair < headDim / 2u; pair += fp4::simdgroup_lanes) {
    const uint first = rope_kv_append_interleaved ? 2u * pair : pair;
    const uint second = rope_kv_append_interleaved ? first + 1u : pair + headDim / 2u;
    float x0 = x[first], x1 = x[second];
    if (rope_kv_append_normalized) {
      x0 = (isQuery ? queryNorm[first] : keyNorm[first]) * (x0 * inverse);
      x1 = (isQuery ? queryNorm[second] : keyNorm[second]) * (x1 * inverse);
    }
    const float c = rotation[2u * pair], s = rotation[2u * pair + 1u];
    const float y0 = fma(x0, c, -(x1 * s)), y1 = fma(x1, c, x0 * s);
    if (isQuery) {
      query[first] = y0;
      query[second] = y1;
    } else {
      key[first] = saturated(y0);
      key[second] = saturated(y1);
    }
  }
}
