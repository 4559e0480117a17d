// rms_norm: out[m] = weight * input[m] / sqrt(mean(input[m]^2) + epsilon); input, out [M, K], weight [K]. out may be input.
// Grid: M threadgroups of 512 threads, a row each.
#include <metal_stdlib>
using namespace metal;

#include "normalize.h"
#include "params.h"

[[max_total_threads_per_threadgroup(512)]]
kernel void rms_norm(device const float* input [[buffer(0)]],
                     device const float* weight [[buffer(1)]],
                     device float* out [[buffer(2)]],
                     constant rms_norm_params& params [[buffer(3)]],
                     uint row [[threadgroup_position_in_grid]],
                     uint thread_index [[thread_index_in_threadgroup]],
                     uint simdgroup [[simdgroup_index_in_threadgroup]],
                     uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float sums[fp4::norm_threads / fp4::simdgroup_lanes];
  const ulong k = params.k, start = ulong(row) * k;
  float squares = 0.0f;
  for (ulong i = thread_index; i < k; i += fp4::norm_threads) {
    const float x = input[start + i];
    squares = fma(x, x, squares);
  }
  const float inverse = fp4::inverse_rms(squares, params.k, params.epsilon, sums, simdgroup, lane);
  for (ulong i = thread_index; i < k; i += fp4::norm_threads) out[start + i] = weight[i] * (input[start + i] * inverse);
}
