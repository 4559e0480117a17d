// The inner loop of the products of few rows with dense weights [N, K]. A simdgroup computes 4 neighbouring columns n for up to 8 rows;
// its lanes share K, 8 values each at a time.
//
// Order of operations, the same whatever the number of rows (`order` of launch.metal): lane l adds fma(w, x, sum) upwards over the k
// with k / 8 mod 32 = l; then the lanes' sums are added by exchange with the lane 16, 8, 4, 2 and 1 away.
#ifndef METAL_FP4_DENSE_ROWS_H
#define METAL_FP4_DENSE_ROWS_H

#include "dense.h"
#include "reduce.h"

namespace fp4 {

constant constexpr uint dense_columns = 4;        // of a simdgroup
constant constexpr uint dense_simdgroups = 4;
constant constexpr uint dense_threads = 128;

// Columns first .. first + 3 of matrix `matrix` in [matrices, N, K]; those from n on are read as the last one.
struct DenseColumns {
  device const uchar* weights;
  uint type;
  ulong matrix;
  uint first, n, k;
};

// The rows of activations [.., K] that go together: row r is number numbers[r] where they are numbered, else number r. Rows from
// `count` on do not exist. (Not a null pointer where they are not: 0 is a place in threadgroup memory like any other.)
struct DenseRows {
  device const float* activations;
  bool numbered;
  threadgroup const uint* numbers;
  uint count;
};

inline float multiply_eight(Eight w, Eight x, float sum) {
  sum = fma(w.low.x, x.low.x, sum);
  sum = fma(w.low.y, x.low.y, sum);
  sum = fma(w.low.z, x.low.z, sum);
  sum = fma(w.low.w, x.low.w, sum);
  sum = fma(w.high.x, x.high.x, sum);
  sum = fma(w.high.y, x.high.y, sum);
  sum = fma(w.high.z, x.high.z, sum);
  return fma(w.high.w, x.high.w, sum);
}

// The product of row lane / 4, column lane % 4, for lanes below 4 * rows.
template <uint rows>
inline float dense_product(DenseColumns from, DenseRows x, uint lane) {
  float sums[rows][dense_columns];
#pragma unroll
  for (uint r = 0; r < rows; r++) {
#pragma unroll
    for (uint c = 0; c < dense_columns; c++) sums[r][c] = 0.0f;
  }
  const bool aligned = from.k % 8u == 0u;
  for (ulong k = 8u * lane; k < from.k; k += 256u) {
    const uint count = uint(min(ulong(8), from.k - k));
    Eight w[dense_columns];
#pragma unroll
    for (uint c = 0; c < dense_columns; c++) {
      const uint n = min(from.first + c, from.n - 1u);
      w[c] = eight(from.weights, from.type, (from.matrix * from.n + n) * from.k + k, count, aligned);
    }
#pragma unroll
    for (uint r = 0; r < rows; r++) {
      if (rows > 1u && r >= x.count) break;
      const uint number = x.numbered ? x.numbers[r] : r;
      const Eight values = eight_activations(x.activations + ulong(number) * from.k, k, count);
#pragma unroll
      for (uint c = 0; c < dense_columns; c++) sums[r][c] = multiply_eight(w[c], values, sums[r][c]);
    }
  }
  float mine = 0.0f;
#pragma unroll
  for (uint r = 0; r < rows; r++) {
#pragma unroll
    for (uint c = 0; c < dense_columns; c++) {
      const float sum = simdgroup_sum(sums[r][c]);
      mine = lane == dense_columns * r + c ? sum : mine;
    }
  }
  return mine;
}

}  // namespace fp4

#endif
