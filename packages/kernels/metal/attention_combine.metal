// attention_combine: out[m, h] = the partial results [M, heads, splits, headDim + 2] of the splits up to positions[m], added in order,
// divided by the sum of exponentials. The second pass of attention_decode.
// Grid: heads x M threadgroups of 128 threads; thread t has elements t, t + 128, ... of a head. A position beyond the splits fails.
#include <metal_stdlib>
using namespace metal;

#include "params.h"
#include "running_softmax.h"
#include "status.h"

[[max_total_threads_per_threadgroup(128)]]
kernel void attention_combine(device const float* partials [[buffer(0)]],
                              device const uint* positions [[buffer(1)]],
                              device float* out [[buffer(2)]],
                              constant attention_combine_params& params [[buffer(3)]],
                              device atomic_uint* status [[buffer(4)]],
                              uint3 group [[threadgroup_position_in_grid]],
                              uint thread_index [[thread_index_in_threadgroup]]) {
  const uint row = group.y, position = positions[row], headDim = params.headDim, last = position / params.splitLength;
  if (last >= params.splits) {
    fp4::fail(status, 1u, position, row);
    return;
  }
  const ulong width = ulong(headDim) + 2u, head = ulong(row) * params.heads + group.x;
  device const float* first = partials + head * params.splits * width;
  for (ulong d = thread_index; d < headDim; d += 128u) {
    device const float* partial = first;
    fp4::running_softmax state = fp4::first_split(partial[headDim], partial[headDim + 1u]);
    float sum = partial[d];
    for (uint split = 1; split <= last; split++) {
      partial += width;
      const fp4::softmax_factors factors = fp4::add_split(state, partial[headDim], partial[headDim + 1u]);
      sum = fp4::add_values(sum, partial[d], factors);
    }
    out[head * headDim + d] = sum / state.sum;
  }
}
