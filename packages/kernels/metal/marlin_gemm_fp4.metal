// marlin_gemm_fp4: C[M, N] = A[M, K] W, W in fp4 and the canonical layout (see decode_gemv_fp4_wide.metal); A and C half, sums in
// float32. The baseline GEMM: tiles of 64 rows by 64 columns, computed whole: at M = 1, 63 of a tile's 64 rows are padding.
// Grid: ceil(N / 64) x ceil(M / 64) threadgroups of 128 threads; 32 values of K at a time go through threadgroup memory, and a thread
// computes 4 rows by 8 columns. Order of operations, as in cpu/marlin_gemm_fp4.cpp: sum = fma(code value * scale, a, sum) upwards.
#include <metal_stdlib>
using namespace metal;

#include "fp4.h"

namespace marlin_gemm_fp4_ {

constant constexpr uint side = 64;
constant constexpr uint depth = 32;
constant constexpr uint threads = 128;
constant constexpr uint thread_rows = 4;
constant constexpr uint thread_columns = 8;

// a[row][k]: 64 rows of A from `row` on, 32 values from `k0` on; those beyond M and K are 0.
static void load_rows(device const half* A, threadgroup half* a, uint M, uint K, uint row, uint k0, uint lane) {
  for (uint i = lane; i < side * depth; i += threads) {
    const uint r = row + i / depth, k = k0 + i % depth;
    a[i] = r < M && k < K ? A[ulong(r) * K + k] : half(0.0f);
  }
}

// w[k][column]: 32 values of K of 64 columns, dequantized (exact in float32); those beyond K and N are 0.
static void load_weights(device const uint* B, device const half* scales, threadgroup float* w, uint N, uint K, uint group_size,
                         uint column, uint k0, uint lane) {
  for (uint i = lane; i < side * (depth / 8u); i += threads) {
    const uint n = column + i % side, first = k0 + 8u * (i / side);
    const bool inside = n < N && first < K;
    uint word = inside ? B[ulong(first / 8u) * N + n] : 0u;
    const float scale = inside ? float(scales[ulong(first / group_size) * N + n]) : 0.0f;
    for (uint j = 0; j < 8u; j++) {
      w[(first - k0 + j) * side + i % side] = first + j < K ? fp4::value(word) * scale : 0.0f;
      word >>= 4u;
    }
  }
}

}  // namespace marlin_gemm_fp4_

[[max_total_threads_per_threadgroup(128)]]
kernel void marlin_gemm_fp4(device const half* A [[buffer(0)]],
                            device const uint* B [[buffer(1)]],
                            device const half* scales [[buffer(2)]],
                            device half* C [[buffer(3)]],
                            constant uint& M [[buffer(4)]],
                            constant uint& N [[buffer(5)]],
                            constant uint& K [[buffer(6)]],
                            constant uint& group_size [[buffer(7)]],
                            uint3 tile [[threadgroup_position_in_grid]],
                            uint lane [[thread_index_in_threadgroup]]) {
  using namespace marlin_gemm_fp4_;
  threadgroup half a[side * depth];
  threadgroup float w[depth * side];
  const uint first_row = tile.y * side, first_column = tile.x * side;
  // Rows 4r..4r+3, and every eighth column, so that neighbouring threads read neighbouring words.
  const uint row = thread_rows * (lane / thread_columns), column = lane % thread_columns;

  float sums[thread_rows][thread_columns] = {};
  for (uint k0 = 0; k0 < K; k0 += depth) {
    load_rows(A, a, M, K, first_row, k0, lane);
    load_weights(B, scales, w, N, K, group_size, first_column, k0, lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint k = 0; k < depth; k++) {
#pragma clang loop unroll(full)
      for (uint i = 0; i < thread_rows; i++) {
        const float x = float(a[(row + i) * depth + k]);
#pragma clang loop unroll(full)
        for (uint j = 0; j < thread_columns; j++) {
          sums[i][j] = fma(w[k * side + column + thread_columns * j], x, sums[i][j]);
        }
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (K - k0 <= depth) break;  // k0 + depth could wrap
  }

#pragma clang loop unroll(full)
  for (uint i = 0; i < thread_rows; i++) {
#pragma clang loop unroll(full)
    for (uint j = 0; j < thread_columns; j++) {
      const uint r = first_row + row + i, n = first_column + column + thread_columns * j;
      if (r < M && n < N) C[ulong(r) * N + n] = half(sums[i][j]);
    }
  }
}
