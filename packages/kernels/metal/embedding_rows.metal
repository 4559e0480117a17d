// embedding_rows: out[m] = table[tokens[m]] as float32; table [N, K] of float32, half or bfloat16.
// Grid: ceil(K / 1024) x M threadgroups of 256 threads, four elements each. A token outside the vocabulary fails.
#include <metal_stdlib>
using namespace metal;

#include "constants.h"
#include "params.h"
#include "status.h"

constant uint embedding_rows_element = constant0;

namespace embedding_rows_ {

static float element(device const uchar* table, ulong index) {
  if (embedding_rows_element == uint(embedding_rows_type::f16)) return float(reinterpret_cast<device const half*>(table)[index]);
  if (embedding_rows_element == uint(embedding_rows_type::f32)) return reinterpret_cast<device const float*>(table)[index];
  return as_type<float>(uint(reinterpret_cast<device const ushort*>(table)[index]) << 16);  // bf16
}

}  // namespace embedding_rows_

[[max_total_threads_per_threadgroup(256)]]
kernel void embedding_rows(device const uint* tokens [[buffer(0)]],
                           device const uchar* table [[buffer(1)]],
                           device float* out [[buffer(2)]],
                           constant embedding_rows_params& params [[buffer(3)]],
                           device atomic_uint* status [[buffer(4)]],
                           uint3 group [[threadgroup_position_in_grid]],
                           uint thread_index [[thread_index_in_threadgroup]]) {
  const uint row = group.y, token = tokens[row];
  if (token >= params.n) {
    fp4::fail(status, 1u, token, row);
    return;
  }
  const ulong k = params.k, first = ulong(group.x) * 1024u, stop = min(first + 1024u, k);
  for (ulong i = first + thread_index; i < stop; i += 256u) out[row * k + i] = embedding_rows_::element(table, token * k + i);
}
