// moe_combine: out[m, k] = residual[m, k] + sum over s, in order, of weights[m, s] * expertOut[m, s, k]. out may be residual.
// Grid: ceil(K / 256) x M threadgroups of 256 threads, an element each.
#include <metal_stdlib>
using namespace metal;

#include "constants.h"
#include "params.h"

constant bool moe_combine_has_residual = constant0 == uint(moe_combine_residual::on);

[[max_total_threads_per_threadgroup(256)]]
kernel void moe_combine(device const float* expertOut [[buffer(0)]],
                        device const float* weights [[buffer(1)]],
                        device const float* residual [[buffer(2), function_constant(moe_combine_has_residual)]],
                        device float* out [[buffer(3)]],
                        constant moe_combine_params& params [[buffer(4)]],
                        uint3 group [[threadgroup_position_in_grid]],
                        uint thread_index [[thread_index_in_threadgroup]]) {
  const ulong i = ulong(group.x) * 256u + thread_index, row = group.y, k = params.k;
  if (i >= k) return;
  float sum = 0.0f;
  if (moe_combine_has_residual) sum = residual[row * k + i];
  for (ulong s = row * params.topK; s < (row + 1u) * params.topK; s++) sum = fma(weights[s], expertOut[s * k + i], sum);
  out[row * k + i] = sum;
}
