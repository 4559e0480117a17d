// What the FP4 kernels over `columns64` share: finding a tile, and what is done with its result.
#ifndef METAL_FP4_FP4_MATMUL_H
#define METAL_FP4_FP4_MATMUL_H

#include "columns64.h"
#include "epilogue.h"
#include "int8_rows.h"

namespace ISA_NAMESPACE {

constexpr uint32_t max_rows = 8; // that multiply_rows takes together

using Precision = gemv_fp4_precision;

// Matrices [count, K, N] in the order columns64; a fused gate/up pair is two consecutive ones.
struct Fp4Matrices {
  Precision precision;
  Format format;
  const uint32_t* codes;
  const void* scales;
  const float* column_scales;
  uint32_t n, k, group_size;
};

SIMD Tile find_tile(const Fp4Matrices& matrices, uint64_t matrix, uint64_t index) {
  const auto& [precision, format, codes, scales, column_scales, n, k, group_size] = matrices;
  const uint64_t words = words_of(k), groups = k / group_size + (k % group_size != 0);
  const uint64_t at = matrix * (n / tile_columns + (n % tile_columns != 0)) + index;
  return {codes + at * words * tile_columns, static_cast<const uint8_t*>(scales) + at * groups * tile_columns * scale_bytes(format),
          column_scales ? column_scales + at * tile_columns : nullptr, k, words_of(group_size)};
}

// Bytes of a row of activations: float32, or what quantize_rows_int8 made of it.
SIMD uint64_t row_bytes(const Fp4Matrices& matrices) {
  return matrices.precision == Precision::int8 ? int8_row_bytes(matrices.k) : uint64_t{matrices.k} * sizeof(float);
}

// result[r][0..63] = a tile times rows r < count <= max_rows, which are what the precision asks for.
static inline void multiply_tile_rows(const Fp4Matrices& matrices, const Tile& tile, const uint8_t* const* rows, uint32_t count,
                                      float* result) {
  if (matrices.precision == Precision::int8) return multiply_rows_int8(matrices.format, tile, rows, count, result);
  const float* floats[max_rows];
  for (uint32_t r = 0; r < count; r++) floats[r] = reinterpret_cast<const float*>(rows[r]);
  multiply_rows(matrices.format, tile, floats, count, result);
}

// Stores 64 columns of a row, of which only those below n exist. `result` is the tile's (the gate's for swiglu).
static inline void finish_row(Epilogue epilogue, const float* result, const float* up, const float* residual, float* out,
                              uint64_t tile, uint32_t n) {
  for (uint32_t c = 0; c < tile_columns; c += lanes) {
    const uint64_t column = tile * tile_columns + c;
    if (column >= n) return;
    const uint32_t count = n - column < lanes ? static_cast<uint32_t>(n - column) : lanes;
    finish_lanes(epilogue, load(result + c), up + c, residual, out, column, count);
  }
}

// Tile `index` of matrix `matrix` (and of the next one, for swiglu) for up to 8 rows: outs[r] = epilogue(rows[r] W).
static inline void multiply_and_finish(const Fp4Matrices& matrices, Epilogue epilogue, uint64_t matrix, uint64_t index,
                                       const uint8_t* const* rows, const float* const* residuals, float* const* outs, uint32_t count) {
  float result[max_rows * tile_columns], up[max_rows * tile_columns];
  multiply_tile_rows(matrices, find_tile(matrices, matrix, index), rows, count, result);
  if (epilogue == Epilogue::swiglu) multiply_tile_rows(matrices, find_tile(matrices, matrix + 1, index), rows, count, up);
  for (uint32_t r = 0; r < count; r++) {
    finish_row(epilogue, result + tile_columns * r, up + tile_columns * r, residuals[r], outs[r], index, matrices.n);
  }
}

// The same for the rows of an ordinary product: activations [m, k], residual and out [m, n].
static inline void multiply_matrix(const Fp4Matrices& matrices, Epilogue epilogue, const void* activations, const float* residual,
                                   float* out, uint32_t m, uint64_t index) {
  const uint8_t* rows[max_rows];
  const float* residuals[max_rows] = {};
  float* outs[max_rows];
  const uint64_t bytes = row_bytes(matrices);
  for (uint64_t first = 0; first < m; first += max_rows) {
    const uint32_t count = m - first < max_rows ? static_cast<uint32_t>(m - first) : max_rows;
    for (uint32_t r = 0; r < count; r++) {
      rows[r] = static_cast<const uint8_t*>(activations) + (first + r) * bytes;
      outs[r] = out + (first + r) * matrices.n;
      if (epilogue == Epilogue::add) residuals[r] = residual + (first + r) * matrices.n;
    }
    multiply_and_finish(matrices, epilogue, 0, index, rows, residuals, outs, count);
  }
}

}  // namespace ISA_NAMESPACE

#endif
