// gemv_dense: out[m, n] = sum over k of activations[m, k] * W[n, k] for 1 to 8 rows, W row-major float32, half or bfloat16; then
// nothing, + residual, or silu(gate) * up of two parts. Grid: ceil(N / 16) threadgroups of 4 simdgroups of 4 columns each. See
// dense_rows.h for the order of operations.
#include "constants.h"
#include "dense_rows.h"
#include "exponential.h"
#include "params.h"

constant bool gemv_dense_has_residual = constant1 == uint(gemv_dense_epilogue::add);

namespace gemv_dense_ {

constant uint type = constant0;
constant bool is_swiglu = constant1 == uint(gemv_dense_epilogue::swiglu);
constant uint rows_case = constant2;

struct Arguments {
  device const float* activations;
  device const uchar* weights;
  device const float* residual;
  device float* out;
};

template <uint rows>
inline void multiply(Arguments a, gemv_dense_params p, uint first, uint lane) {
  fp4::DenseRows x = {};
  x.activations = a.activations;
  x.count = p.m;
  fp4::DenseColumns from;
  from.weights = a.weights;
  from.type = type;
  from.matrix = 0u;
  from.first = first;
  from.n = p.n;
  from.k = p.k;
  float value = fp4::dense_product<rows>(from, x, lane);
  if (is_swiglu) {
    from.matrix = 1u;
    value = fp4::silu(value) * fp4::dense_product<rows>(from, x, lane);
  }
  const uint r = lane / fp4::dense_columns, n = first + lane % fp4::dense_columns;
  if (r >= min(rows, p.m) || n >= p.n) return;
  const ulong at = ulong(r) * p.n + n;
  if (gemv_dense_has_residual) value += a.residual[at];
  a.out[at] = value;
}

}  // namespace gemv_dense_

[[max_total_threads_per_threadgroup(128)]]
kernel void gemv_dense(device const float* activations [[buffer(0)]],
                       device const uchar* weights [[buffer(1)]],
                       device const float* residual [[buffer(2), function_constant(gemv_dense_has_residual)]],
                       device float* out [[buffer(3)]],
                       constant gemv_dense_params& params [[buffer(4)]],
                       uint3 at [[threadgroup_position_in_grid]],
                       uint simdgroup [[simdgroup_index_in_threadgroup]],
                       uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemv_dense_;
  Arguments a = {};
  a.activations = activations;
  a.weights = weights;
  if (gemv_dense_has_residual) a.residual = residual;
  a.out = out;
  const uint first = (at.x * fp4::dense_simdgroups + simdgroup) * fp4::dense_columns;
  if (first >= params.n) return;
  switch (rows_case) {
    case uint(gemv_dense_rows::one): multiply<1>(a, params, first, lane); break;
    case uint(gemv_dense_rows::two): multiply<2>(a, params, first, lane); break;
    case uint(gemv_dense_rows::four): multiply<4>(a, params, first, lane); break;
    default: multiply<8>(a, params, first, lane);
  }
}
