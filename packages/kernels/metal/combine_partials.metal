// combine_partials: out[m, n] = the sum over s, upwards, of partials[s, p, m, n], then nothing, + residual, or silu(gate) * up of two
// parts. partials is [splits, parts, M, align(N, 64)]. Grid: ceil(N / 64) x M threadgroups of 64 threads, a column each.
#include "constants.h"
#include "exponential.h"
#include "params.h"

constant bool combine_partials_has_residual = constant0 == uint(combine_partials_epilogue::add);

namespace combine_partials_ {

constant bool is_swiglu = constant0 == uint(combine_partials_epilogue::swiglu);

inline float sum_splits(device const float* at, ulong stride, uint splits) {
  float sum = at[0];
  for (uint s = 1; s < splits; s++) sum += at[s * stride];
  return sum;
}

}  // namespace combine_partials_

[[max_total_threads_per_threadgroup(64)]]
kernel void combine_partials(device const float* partials [[buffer(0)]],
                             device const float* residual [[buffer(1), function_constant(combine_partials_has_residual)]],
                             device float* out [[buffer(2)]],
                             constant combine_partials_params& params [[buffer(3)]],
                             uint3 tile [[threadgroup_position_in_grid]],
                             uint thread_index [[thread_index_in_threadgroup]]) {
  using namespace combine_partials_;
  const uint n = 64u * tile.x + thread_index, m = tile.y;
  if (m >= params.m || n >= params.n) return;
  const ulong width = (ulong(params.n) + 63u) / 64u * 64u;
  const ulong part = width * params.m, stride = is_swiglu ? 2u * part : part;
  device const float* at = partials + m * width + n;
  float value = sum_splits(at, stride, params.splits);
  const ulong to = ulong(m) * params.n + n;
  if (combine_partials_has_residual) value += residual[to];
  if (is_swiglu) value = fp4::silu(value) * sum_splits(at + part, stride, params.splits);
  out[to] = value;
}
