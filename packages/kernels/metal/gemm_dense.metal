// gemm_dense: out[m, n] = sum over k of activations[m, k] * W[n, k] for any m, W row-major float32, half or bfloat16; then nothing,
// + residual, or silu(gate) * up of two parts. Grid: ceil(N / 64) x ceil(M / 32) threadgroups of 4 simdgroups (see gemm_tile.h, `rows8`);
// for swiglu a threadgroup has 32 columns of gate and the same 32 of up, and the grid ceil(N / 32).
#include "constants.h"
#include "exponential.h"
#include "gemm_tile.h"
#include "params.h"

constant bool gemm_dense_has_residual = constant1 == uint(gemm_dense_epilogue::add);

namespace gemm_dense_ {

constant uint type = constant0;
constant bool is_swiglu = constant1 == uint(gemm_dense_epilogue::swiglu);
constant constexpr uint rows = 32;

struct Arguments {
  device const float* activations;
  device const uchar* weights;
  device const float* residual;
  device float* out;
};

// A lane's 8 values of each of its 4 columns from `first` on; columns from N on are read as the last one.
inline void load_step(Arguments a, gemm_dense_params p, ulong part, uint first, ulong k, thread fp4::Eight (&w)[4]) {
  const uint count = k < p.k ? uint(min(ulong(8), p.k - k)) : 0u;
#pragma unroll
  for (uint c = 0; c < 4u; c++) {
    const ulong row = part * p.n + min(first + c, p.n - 1u);
    w[c] = fp4::eight(a.weights, type, row * p.k + k, count, p.k % 8u == 0u);
  }
}

inline void multiply(Arguments a, gemm_dense_params p, threadgroup float* memory, uint3 at, uint simdgroup, uint lane) {
  const fp4::GemmShare share = fp4::gemm_share(false, simdgroup);
  const uint first_row = at.y * rows;
  const uint first = (is_swiglu ? 32u * at.x : 64u * at.x + 32u * share.column_half) + 4u * fp4::tile_g(lane);
  const uint part = is_swiglu ? share.column_half : 0u;
  const uint row_tiles = fp4::row_tiles_of(share, p.m, first_row);
  const uint steps = p.k / 32u + uint(p.k % 32u != 0u);
  fp4::GemmSums sums;
  fp4::clear(sums);
  for (uint step = 0; step < steps; step += share.steps) {
    fp4::stage_slice(a.activations, memory, share, p.m, p.k, first_row, 4u * step, 32u * simdgroup + lane);
    fp4::threadgroup_sync();
#pragma unroll
    for (uint s = 0; s < fp4::gemm_steps; s++) {
      fp4::Eight w[4];
      load_step(a, p, part, first, 32u * ulong(step + share.first_step + s) + 8u * fp4::tile_t(lane), w);
      fp4::multiply_step(sums, w, memory, share, s, row_tiles, lane);
    }
    fp4::threadgroup_sync();
  }
  fp4::store_sums(sums, memory, simdgroup, lane);
}

inline void finish(Arguments a, gemm_dense_params p, threadgroup const float* memory, uint3 at, uint thread_index) {
  const uint width = is_swiglu ? 32u : 64u;
  for (uint i = thread_index; i < rows * width; i += fp4::gemm_threads) {
    const uint r = i / width, c = i % width, row = at.y * rows + r, n = at.x * width + c;
    if (row >= p.m || n >= p.n) continue;
    const ulong to = ulong(row) * p.n + n;
    float value = fp4::stored_sum(memory, false, r, c);
    if (gemm_dense_has_residual) value += a.residual[to];
    if (is_swiglu) value = fp4::silu(value) * fp4::stored_sum(memory, false, r, c + 32u);
    a.out[to] = value;
  }
}

}  // namespace gemm_dense_

[[max_total_threads_per_threadgroup(128)]]
kernel void gemm_dense(device const float* activations [[buffer(0)]],
                       device const uchar* weights [[buffer(1)]],
                       device const float* residual [[buffer(2), function_constant(gemm_dense_has_residual)]],
                       device float* out [[buffer(3)]],
                       constant gemm_dense_params& params [[buffer(4)]],
                       uint3 at [[threadgroup_position_in_grid]],
                       uint simdgroup [[simdgroup_index_in_threadgroup]],
                       uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemm_dense_;
  threadgroup float memory[fp4::gemm_memory];
  Arguments a = {};
  a.activations = activations;
  a.weights = weights;
  if (gemm_dense_has_residual) a.residual = residual;
  a.out = out;
  multiply(a, params, memory, at, simdgroup, lane);
  fp4::threadgroup_sync();
  finish(a, params, memory, at, 32u * simdgroup + lane);
}
