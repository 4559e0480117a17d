// argmax: tokens[m] = the first index of the largest of logits[m]; logits [M, N]. A NaN, +infinity or nothing but -infinity fails.
// Grid: M threadgroups of 1024 threads, a row each.
#include <metal_stdlib>
using namespace metal;

#include "logits.h"
#include "params.h"

[[max_total_threads_per_threadgroup(1024)]]
kernel void argmax(device const float* logits [[buffer(0)]],
                   device uint* tokens [[buffer(1)]],
                   constant argmax_params& params [[buffer(2)]],
                   device atomic_uint* status [[buffer(3)]],
                   uint row [[threadgroup_position_in_grid]],
                   uint thread_index [[thread_index_in_threadgroup]],
                   uint simdgroup [[simdgroup_index_in_threadgroup]],
                   uint lane [[thread_index_in_simdgroup]]) {
  threadgroup fp4::extremes all[32];
  device const float* own = logits + ulong(row) * params.n;
  const fp4::extremes found =
      fp4::threadgroup_extremes(fp4::own_extremes(own, params.n, thread_index, 1024u), all, simdgroup, 32u, lane);
  if (thread_index == 0u && !fp4::refuse_logits(own, found, row, status)) tokens[row] = found.index;
}
