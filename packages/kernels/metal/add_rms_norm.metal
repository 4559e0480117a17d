// add_rms_norm: hidden[m] += delta[m]; out[m] = weight * hidden[m] / sqrt(mean(hidden[m]^2) + epsilon); hidden, delta, out [M, K],
// weight [K]. delta may be out. The norm has the bits of rms_norm.
// Grid: M threadgroups of 512 threads, a row each.
#include <metal_stdlib>
using namespace metal;

#include "normalize.h"
#include "params.h"

[[max_total_threads_per_threadgroup(512)]]
kernel void add_rms_norm(device float* hidden [[buffer(0)]],
                         device const float* delta [[buffer(1)]],
                         device const float* weight [[buffer(2)]],
                         device float* out [[buffer(3)]],
                         constant add_rms_norm_params& params [[buffer(4)]],
                         uint row [[threadgroup_position_in_grid]],
                         uint thread_index [[thread_index_in_threadgroup]],
                         uint simdgroup [[simdgroup_index_in_threadgroup]],
                         uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float sums[fp4::norm_threads / fp4::simdgroup_lanes];
  const ulong k = params.k, start = ulong(row) * k;
  float squares = 0.0f;
  for (ulong i = thread_index; i < k; i += fp4::norm_threads) {
    const float x = hidden[start + i] + delta[start + i];
    hidden[start + i] = x;
    squares = fma(x, x, squares);
  }
  const float inverse = fp4::inverse_rms(squares, params.k, params.epsilon, sums, simdgroup, lane);
  for (ulong i = thread_index; i < k; i += fp4::norm_threads) out[start + i] = weight[i] * (hidden[start + i] * inverse);
}
