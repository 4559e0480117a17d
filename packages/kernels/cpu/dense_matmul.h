// What the dense kernels share: finding 16 columns of a matrix, and what is done with their result.
#ifndef METAL_FP4_DENSE_MATMUL_H
#define METAL_FP4_DENSE_MATMUL_H

#include "dense.h"
#include "epilogue.h"

namespace ISA_NAMESPACE {

// Matrices [count, N, K]; a fused gate/up pair is two consecutive ones.
struct DenseMatrices {
  WeightType type;
  const void* weights;
  uint32_t n, k;
};

// Columns [16 block, 16 block + 16) of matrix `matrix` (and of the next one, for swiglu) for up to 8 rows.
static inline void multiply_dense_and_finish(const DenseMatrices& matrices, Epilogue epilogue, uint64_t matrix, uint64_t block,
                                             const float* const* rows, const float* const* residuals, float* const* outs,
                                             uint32_t count) {
  const auto& [type, weights, n, k] = matrices;
  const uint64_t column = block * dense_columns, row_bytes = uint64_t{k} * weight_bytes(type);
  const uint32_t columns = n - column < dense_columns ? static_cast<uint32_t>(n - column) : dense_columns;
  const uint8_t* gate = static_cast<const uint8_t*>(weights) + (matrix * n + column) * row_bytes;
  float result[dense_rows * dense_columns] = {}, up[dense_rows * dense_columns] = {};
  multiply_dense_rows(type, gate, k, rows, count, columns, result);
  if (epilogue == Epilogue::swiglu) multiply_dense_rows(type, gate + n * row_bytes, k, rows, count, columns, up);
  for (uint32_t r = 0; r < count; r++) {
    finish_lanes(epilogue, load(result + dense_columns * r), up + dense_columns * r, residuals[r], outs[r], column, columns);
  }
}

// The same for the rows of an ordinary product: activations [m, k], residual and out [m, n], `together` rows at a time.
static inline void multiply_dense_matrix(const DenseMatrices& matrices, Epilogue epilogue, const float* activations,
                                         const float* residual, float* out, uint32_t m, uint32_t together, uint64_t block) {
  const float *rows[dense_rows], *residuals[dense_rows] = {};
  float* outs[dense_rows];
  for (uint64_t first = 0; first < m; first += together) {
    const uint32_t count = m - first < together ? static_cast<uint32_t>(m - first) : together;
    for (uint32_t r = 0; r < count; r++) {
      rows[r] = activations + (first + r) * matrices.k;
      outs[r] = out + (first + r) * matrices.n;
      if (epilogue == Epilogue::add) residuals[r] = residual + (first + r) * matrices.n;
    }
    multiply_dense_and_finish(matrices, epilogue, 0, block, rows, residuals, outs, count);
  }
}

}  // namespace ISA_NAMESPACE

#endif
