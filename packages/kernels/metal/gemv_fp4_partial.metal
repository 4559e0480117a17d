// gemv_fp4_partial: partials[s, p, m, n] = sum over the groups of split s of activations[m, k] * W[p][k, n] for 1 to 8 rows, W in FP4
// and the order columns64; 0 where a split has no groups. Grid: ceil(N / 64) x parts x splits threadgroups of 8 simdgroups. Within
// a split the order of operations is that of fp4_columns.h, as if K began and ended with it.
#include "constants.h"
#include "fp4_columns.h"
#include "params.h"

constant bool gemv_fp4_partial_has_column_scales = constant0 == uint(gemv_fp4_partial_format::nvfp4);

namespace gemv_fp4_partial_ {

constant uint format = constant0;
constant uint rows_case = constant2;

struct Arguments {
  device const float* activations;
  device const uint* codes;
  device const uchar* scales;
  device const float* column_scales;
  device float* partials;
};

template <uint rows>
inline void multiply(Arguments a, gemv_fp4_partial_params p, threadgroup float* memory, uint3 at, uint3 grid, uint simdgroup, uint lane) {
  fp4::Columns from = fp4::find_columns(a.codes, a.scales, format, p.n, p.k, p.groupSize, at.y, at.x);
  const uint groups = p.k / p.groupSize + uint(p.k % p.groupSize != 0u);
  const uint groups_each = groups / p.splits + uint(groups % p.splits != 0u);
  // Beyond 2^32 only where there is nothing left.
  const ulong first = ulong(at.z) * groups_each * from.words_per_group;
  const ulong end = first + ulong(groups_each) * from.words_per_group;
  from.first = uint(min(first, ulong(from.end)));
  from.end = uint(min(end, ulong(from.end)));
  fp4::Rows x = {};
  x.activations = a.activations;
  x.count = p.m;
  x.k = p.k;
  fp4::sum_columns<rows>(from, x, memory, simdgroup, simdgroup, fp4::simdgroups, lane);
  for (uint i = 32u * simdgroup + lane; i < rows * 64u; i += fp4::threads) {
    const uint r = i / 64u, c = i % 64u;
    if (r >= p.m) continue;
    float sum = fp4::column_sum<rows>(memory, 0u, fp4::simdgroups, r, c);
    if (gemv_fp4_partial_has_column_scales) sum *= a.column_scales[(ulong(at.y) * grid.x + at.x) * 64u + c];
    a.partials[(((ulong(at.z) * grid.y + at.y) * p.m + r) * grid.x + at.x) * 64u + c] = sum;
  }
}

}  // namespace gemv_fp4_partial_

[[max_total_threads_per_threadgroup(256)]]
kernel void gemv_fp4_partial(device const float* activations [[buffer(0)]],
                             device const uint* codes [[buffer(1)]],
                             device const uchar* scales [[buffer(2)]],
                             device const float* columnScales [[buffer(3), function_constant(gemv_fp4_partial_has_column_scales)]],
                             device float* partials [[buffer(4)]],
                             constant gemv_fp4_partial_params& params [[buffer(5)]],
                             uint3 at [[threadgroup_position_in_grid]],
                             uint3 grid [[threadgroups_per_grid]],
                             uint simdgroup [[simdgroup_index_in_threadgroup]],
                             uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemv_fp4_partial_;
  threadgroup float4 vectors[fp4::column_vectors];
  threadgroup float* memory = reinterpret_cast<threadgroup float*>(vectors);
  Arguments a = {};
  a.activations = activations;
  a.codes = codes;
  a.scales = scales;
  if (gemv_fp4_partial_has_column_scales) a.column_scales = columnScales;
  a.partials = partials;
  switch (rows_case) {
    case uint(gemv_fp4_partial_rows::one): multiply<1>(a, params, memory, at, grid, simdgroup, lane); break;
    case uint(gemv_fp4_partial_rows::two): multiply<2>(a, params, memory, at, grid, simdgroup, lane); break;
    case uint(gemv_fp4_partial_rows::four): multiply<4>(a, params, memory, at, grid, simdgroup, lane); break;
    default: multiply<8>(a, params, memory, at, grid, simdgroup, lane);
  }
}
