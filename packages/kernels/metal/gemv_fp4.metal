// gemv_fp4: out[m, n] = sum over k of activations[m, k] * W[k, n] for 1 to 8 rows, W in FP4 and the order columns64; then nothing,
// + residual, or silu(gate) * up of two parts. Grid: ceil(N / 64) threadgroups of 8 simdgroups, a tile of 64 columns each: all 8 on
// the one matrix, or 4 on gate and 4 on up. See fp4_columns.h for the order of operations.
#include "constants.h"
#include "exponential.h"
#include "fp4_columns.h"
#include "params.h"

constant bool gemv_fp4_has_column_scales = constant0 == uint(gemv_fp4_format::nvfp4);
constant bool gemv_fp4_has_residual = constant1 == uint(gemv_fp4_epilogue::add);

namespace gemv_fp4_ {

constant uint format = constant0;
constant bool is_swiglu = constant1 == uint(gemv_fp4_epilogue::swiglu);
constant uint rows_case = constant2;

struct Arguments {
  device const float* activations;
  device const uint* codes;
  device const uchar* scales;
  device const float* column_scales;
  device const float* residual;
  device float* out;
};

// One value of the tile: row r, column c of the part whose simdgroups begin at `begin`.
template <uint rows>
inline float finished(threadgroup const float* memory, Arguments a, uint begin, uint end, uint n, uint part, uint tile, uint r, uint c) {
  const float sum = fp4::column_sum<rows>(memory, begin, end, r, c);
  return gemv_fp4_has_column_scales ? sum * a.column_scales[(ulong(part) * ((n + 63u) / 64u) + tile) * 64u + c] : sum;
}

template <uint rows>
inline void multiply(Arguments a, gemv_fp4_params p, threadgroup float* memory, uint tile, uint simdgroup, uint lane) {
  const uint each = is_swiglu ? fp4::simdgroups / 2u : fp4::simdgroups;
  const uint part = simdgroup / each;
  const fp4::Columns from = fp4::find_columns(a.codes, a.scales, format, p.n, p.k, p.groupSize, part, tile);
  fp4::Rows x = {};
  x.activations = a.activations;
  x.count = p.m;
  x.k = p.k;
  fp4::sum_columns<rows>(from, x, memory, simdgroup, simdgroup % each, each, lane);
  for (uint i = 32u * simdgroup + lane; i < rows * 64u; i += fp4::threads) {
    const uint r = i / 64u, c = i % 64u, n = 64u * tile + c;
    if (r >= p.m || n >= p.n) continue;
    float value = finished<rows>(memory, a, 0u, each, p.n, 0u, tile, r, c);
    const ulong at = ulong(r) * p.n + n;
    if (gemv_fp4_has_residual) value += a.residual[at];
    if (is_swiglu) value = fp4::silu(value) * finished<rows>(memory, a, each, 2u * each, p.n, 1u, tile, r, c);
    a.out[at] = value;
  }
}

}  // namespace gemv_fp4_

[[max_total_threads_per_threadgroup(256)]]
kernel void gemv_fp4(device const float* activations [[buffer(0)]],
                     device const uint* codes [[buffer(1)]],
                     device const uchar* scales [[buffer(2)]],
                     device const float* columnScales [[buffer(3), function_constant(gemv_fp4_has_column_scales)]],
                     device const float* residual [[buffer(4), function_constant(gemv_fp4_has_residual)]],
                     device float* out [[buffer(5)]],
                     constant gemv_fp4_params& params [[buffer(6)]],
                     uint3 tile [[threadgroup_position_in_grid]],
                     uint simdgroup [[simdgroup_index_in_threadgroup]],
                     uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemv_fp4_;
  threadgroup float4 vectors[fp4::column_vectors];
  threadgroup float* memory = reinterpret_cast<threadgroup float*>(vectors);
  Arguments a = {};
  a.activations = activations;
  a.codes = codes;
  a.scales = scales;
  if (gemv_fp4_has_column_scales) a.column_scales = columnScales;
  if (gemv_fp4_has_residual) a.residual = residual;
  a.out = out;
  switch (rows_case) {
    case uint(gemv_fp4_rows::one): multiply<1>(a, params, memory, tile.x, simdgroup, lane); break;
    case uint(gemv_fp4_rows::two): multiply<2>(a, params, memory, tile.x, simdgroup, lane); break;
    case uint(gemv_fp4_rows::four): multiply<4>(a, params, memory, tile.x, simdgroup, lane); break;
    default: multiply<8>(a, params, memory, tile.x, simdgroup, lane);
  }
}
