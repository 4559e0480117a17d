// moe_gemv_fp4: out[m, s, n] = sum over k of x[k] * W[ids[m, s]][k, n], W in FP4 and the order columns64; x is activations[m] or
// activations[m, s]; then nothing, or silu(gate) * up. Grid: ceil(N / 64) x min(experts, M topK) threadgroups of 8 simdgroups: a tile
// of one expert, read once for up to `rows` of the pairs that chose it. A row's operations are those of gemv_fp4 (fp4_columns.h).
#include "constants.h"
#include "experts.h"
#include "exponential.h"
#include "fp4_columns.h"
#include "params.h"

constant bool moe_gemv_fp4_has_column_scales = constant0 == uint(moe_gemv_fp4_format::nvfp4);

namespace moe_gemv_fp4_ {

constant uint format = constant0;
constant bool is_swiglu = constant1 == uint(moe_gemv_fp4_epilogue::swiglu);
constant bool is_per_slot = constant2 == uint(moe_gemv_fp4_input::perSlot);
constant uint rows_case = constant3;

struct Arguments {
  device const float* activations;
  device const uint* ids;
  device const uint* codes;
  device const uchar* scales;
  device const float* column_scales;
  device float* out;
};

template <uint rows>
inline float finished(threadgroup const float* memory, Arguments a, uint begin, uint end, uint n, ulong matrix, uint tile, uint r, uint c) {
  const float sum = fp4::column_sum<rows>(memory, begin, end, r, c);
  return moe_gemv_fp4_has_column_scales ? sum * a.column_scales[(matrix * ((n + 63u) / 64u) + tile) * 64u + c] : sum;
}

template <uint rows>
inline void multiply(Arguments a, moe_gemv_fp4_params p, threadgroup float* memory, threadgroup uint* pairs, threadgroup uint* numbers,
                     uint3 at, uint simdgroup, uint lane) {
  const uint pair_count = p.m * p.topK, pairs_per_row = is_per_slot ? 1u : p.topK;
  const uint expert = fp4::expert_of(a.ids, pair_count, p.experts, at.y);
  if (expert >= p.experts) return;
  const uint parts = is_swiglu ? 2u : 1u, each = fp4::simdgroups / parts, part = simdgroup / each;
  const ulong matrix = ulong(expert) * parts;
  const fp4::Columns from = fp4::find_columns(a.codes, a.scales, format, p.n, p.k, p.groupSize, matrix + part, at.x);
  fp4::Search search;
  search.base = 0u;
  search.skipped = 0u;
  for (bool first = true;; first = false) {
    const uint count = fp4::next_pairs(a.ids, pair_count, expert, rows, pairs_per_row, search, pairs, numbers, simdgroup, lane);
    fp4::threadgroup_sync();
    if (count == 0u) return;
    // Where threadgroups belong to pairs, an earlier one has this expert.
    if (first && pair_count < p.experts && pairs[0] != at.y) return;
    fp4::Rows x;
    x.activations = a.activations;
    x.numbered = true;
    x.numbers = numbers;
    x.count = count;
    x.k = p.k;
    fp4::sum_columns<rows>(from, x, memory, simdgroup, simdgroup % each, each, lane);
    for (uint i = 32u * simdgroup + lane; i < count * 64u; i += fp4::threads) {
      const uint r = i / 64u, c = i % 64u, n = 64u * at.x + c;
      if (n >= p.n) continue;
      float value = finished<rows>(memory, a, 0u, each, p.n, matrix, at.x, r, c);
      if (is_swiglu) value = fp4::silu(value) * finished<rows>(memory, a, each, 2u * each, p.n, matrix + 1u, at.x, r, c);
      a.out[ulong(pairs[r]) * p.n + n] = value;
    }
    if (count < rows) return;
    fp4::threadgroup_sync();
  }
}

}  // namespace moe_gemv_fp4_

[[max_total_threads_per_threadgroup(256)]]
kernel void moe_gemv_fp4(device const float* activations [[buffer(0)]],
                         device const uint* ids [[buffer(1)]],
                         device const uint* codes [[buffer(2)]],
                         device const uchar* scales [[buffer(3)]],
                         device const float* columnScales [[buffer(4), function_constant(moe_gemv_fp4_has_column_scales)]],
                         device float* out [[buffer(5)]],
                         constant moe_gemv_fp4_params& params [[buffer(6)]],
                         device atomic_uint* status [[buffer(7)]],
                         uint3 at [[threadgroup_position_in_grid]],
                         uint simdgroup [[simdgroup_index_in_threadgroup]],
                         uint lane [[thread_index_in_simdgroup]]) {
  using namespace moe_gemv_fp4_;
  threadgroup float4 vectors[fp4::column_vectors];
  threadgroup float* memory = reinterpret_cast<threadgroup float*>(vectors);
  threadgroup uint pairs[fp4::most_rows], numbers[fp4::most_rows];
  if (at.x == 0u && at.y == 0u) {
    fp4::check_ids(ids, params.m * params.topK, params.experts, status, 32u * simdgroup + lane, fp4::threads);
  }
  Arguments a = {};
  a.activations = activations;
  a.ids = ids;
  a.codes = codes;
  a.scales = scales;
  if (moe_gemv_fp4_has_column_scales) a.column_scales = columnScales;
  a.out = out;
  switch (rows_case) {
    case uint(moe_gemv_fp4_rows::one): multiply<1>(a, params, memory, pairs, numbers, at, simdgroup, lane); break;
    case uint(moe_gemv_fp4_rows::two): multiply<2>(a, params, memory, pairs, numbers, at, simdgroup, lane); break;
    case uint(moe_gemv_fp4_rows::four): multiply<4>(a, params, memory, pairs, numbers, at, simdgroup, lane); break;
    default: multiply<8>(a, params, memory, pairs, numbers, at, simdgroup, lane);
  }
}
