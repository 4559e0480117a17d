// embedding_rows_fp4: out[m] = column tokens[m] of W [K, N], FP4 in tiles of 64 columns: codes [ceil(N/64), ceil(K/8), 64] words of 8
// codes along K, scales [ceil(N/64), ceil(K/groupSize), 64]. A value is code * scale, which is exact, times the column's scale for nvfp4.
// Grid: ceil(ceil(K/8) / 128) x M threadgroups of 128 threads, a word each. A token outside the vocabulary fails.
#include <metal_stdlib>
using namespace metal;

#include "constants.h"
#include "fp4.h"
#include "params.h"
#include "status.h"

constant uint embedding_rows_fp4_scales = constant0;
constant bool embedding_rows_fp4_has_column_scales = constant0 == uint(embedding_rows_fp4_format::nvfp4);

[[max_total_threads_per_threadgroup(128)]]
kernel void embedding_rows_fp4(device const uint* tokens [[buffer(0)]],
                               device const uint* codes [[buffer(1)]],
                               device const uchar* scales [[buffer(2)]],
                               device const float* columnScales
                               [[buffer(3), function_constant(embedding_rows_fp4_has_column_scales)]],
                               device float* out [[buffer(4)]],
                               constant embedding_rows_fp4_params& params [[buffer(5)]],
                               device atomic_uint* status [[buffer(6)]],
                               uint3 group [[threadgroup_position_in_grid]],
                               uint thread_index [[thread_index_in_threadgroup]]) {
  const uint row = group.y, token = tokens[row];
  if (token >= params.n) {
    fp4::fail(status, 1u, token, row);
    return;
  }
  const ulong k = params.k, words = (k + 7u) / 8u;
  const uint groups = params.k / params.groupSize + uint(params.k % params.groupSize != 0u);
  const ulong word = ulong(group.x) * 128u + thread_index;
  if (word >= words) return;
  // Eight codes share a scale: groups are of 8, 16, ... values, or there is one for all of K.
  const ulong tile = token / 64u, column = token % 64u;
  const ulong scaleIndex = (tile * groups + uint(8u * word) / params.groupSize) * 64u + column;
  const float scale = fp4::scale(scales, embedding_rows_fp4_scales, scaleIndex);
  float columnScale = 1.0f;
  if (embedding_rows_fp4_has_column_scales) columnScale = columnScales[token];
  const uint eight = codes[(tile * words + word) * 64u + column];
  const uint count = uint(min(ulong(8u), k - 8u * word));
  for (uint j = 0; j < count; j++) out[row * k + 8u * word + j] = fp4::value(eight >> (4u * j)) * scale * columnScale;
}
