// moe_gemv_dense: out[m, s, n] = sum over k of x[k] * W[ids[m, s]][n, k], W row-major float32, half or bfloat16; x is activations[m] or
// activations[m, s]; then nothing, or silu(gate) * up. Grid: ceil(N / 16) x min(experts, M topK) threadgroups of 4 simdgroups of 4
// columns each, of one expert, read once for up to `rows` of the pairs that chose it. A row's operations are those of gemv_dense.
#include "constants.h"
#include "dense_rows.h"
#include "experts.h"
#include "exponential.h"
#include "params.h"
#include "prelude.h"

namespace moe_gemv_dense_ {

constant uint type = constant0;
constant bool is_swiglu = constant1 == uint(moe_gemv_dense_epilogue::swiglu);
constant bool is_per_slot = constant2 == uint(moe_gemv_dense_input::perSlot);
constant uint rows_case = constant3;

struct Arguments {
  device const float* activations;
  device const uint* ids;
  device const uchar* weights;
  device float* out;
};

template <uint rows>
inline void multiply(Arguments a, moe_gemv_dense_params p, threadgroup uint* pairs, threadgroup uint* numbers, uint3 at, uint simdgroup,
                     uint lane) {
  const uint pair_count = p.m * p.topK, pairs_per_row = is_per_slot ? 1u : p.topK;
  const uint expert = fp4::expert_of(a.ids, pair_count, p.experts, at.y);
  if (expert >= p.experts) return;
  fp4::DenseColumns from;
  from.weights = a.weights;
  from.type = type;
  from.first = (at.x * fp4::dense_simdgroups + simdgroup) * fp4::dense_columns;
  from.n = p.n;
  from.k = p.k;
  fp4::Search search;
  search.base = 0u;
  search.skipped = 0u;
  for (bool first = true;; first = false) {
    const uint count = fp4::next_pairs(a.ids, pair_count, expert, rows, pairs_per_row, search, pairs, numbers, simdgroup, lane);
    fp4::threadgroup_sync();
    if (count == 0u) return;
    // Where threadgroups belong to pairs, an earlier one has this expert.
    if (first && pair_count < p.experts && pairs[0] != at.y) return;
    fp4::DenseRows x;
    x.activations = a.activations;
    x.numbered = true;
    x.numbers = numbers;
    x.count = count;
    from.matrix = is_swiglu ? 2u * ulong(expert) : ulong(expert);
    float value = fp4::dense_product<rows>(from, x, lane);
    if (is_swiglu) {
      from.matrix++;
      value = fp4::silu(value) * fp4::dense_product<rows>(from, x, lane);
    }
    const uint r = lane / fp4::dense_columns, n = from.first + lane % fp4::dense_columns;
    if (r < count && n < p.n) a.out[ulong(pairs[r]) * p.n + n] = value;
    if (count < rows) return;
    fp4::threadgroup_sync();
  }
}

}  // namespace moe_gemv_dense_

[[max_total_threads_per_threadgroup(128)]]
kernel void moe_gemv_dense(device const float* activations [[buffer(0)]],
                           device const uint* ids [[buffer(1)]],
                           device const uchar* weights [[buffer(2)]],
                           device float* out [[buffer(3)]],
                           constant moe_gemv_dense_params& params [[buffer(4)]],
                           device atomic_uint* status [[buffer(5)]],
                           uint3 at [[threadgroup_position_in_grid]],
                           uint simdgroup [[simdgroup_index_in_threadgroup]],
                           uint lane [[thread_index_in_simdgroup]]) {
  using namespace moe_gemv_dense_;
  threadgroup uint pairs[8], numbers[8];
  if (at.x == 0u && at.y == 0u) {
    fp4::check_ids(ids, params.m * params.topK, params.experts, status, 32u * simdgroup + lane, fp4::dense_threads);
  }
  Arguments a = {};
  a.activations = activations;
  a.ids = ids;
  a.weights = weights;
  a.out = out;
  switch (rows_case) {
    case uint(moe_gemv_dense_rows::one): multiply<1>(a, params, pairs, numbers, at, simdgroup, lane); break;
    case uint(moe_gemv_dense_rows::two): multiply<2>(a, params, pairs, numbers, at, simdgroup, lane); break;
    case uint(moe_gemv_dense_rows::four): multiply<4>(a, params, pairs, numbers, at, simdgroup, lane); break;
    default: multiply<8>(a, params, pairs, numbers, at, simdgroup, lane);
  }
}
