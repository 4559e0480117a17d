// The product of up to 16 columns of a dense matrix with 1 to 8 rows; what gemv_dense, gemm_dense and moe_gemv_dense share.
#include "dense.h"

namespace ISA_NAMESPACE {

template <WeightType type>
SIMD f32x16 load_weights(const uint8_t* at) {
  if constexpr (type == WeightType::f32) return load(reinterpret_cast<const float*>(at));
  if constexpr (type == WeightType::f16) return load_half(at);
  if constexpr (type == WeightType::bf16) return load_bf16(at);
}
template <WeightType type>
SIMD f32x16 load_weights_first(const uint8_t* at, uint32_t n) {
  if constexpr (type == WeightType::f32) return load_first(reinterpret_cast<const float*>(at), n);
  if constexpr (type == WeightType::f16) return load_half_first(at, n);
  if constexpr (type == WeightType::bf16) return load_bf16_first(at, n);
}

// One block of 16 values of K for R rows and C columns; `rest` of them exist when it is the last, ragged one.
template <WeightType type, int R, int C, bool ragged>
SIMD void dense_block(f32x16 (&sums)[R][C], const uint8_t* weights, uint64_t row_bytes, const float* const (&x)[R], uint64_t k,
                      uint32_t rest) {
  f32x16 w[C];
UNROLL(4)
  for (int c = 0; c < C; c++) {
    const uint8_t* at = weights + row_bytes * c + k * weight_bytes(type);
    w[c] = ragged ? load_weights_first<type>(at, rest) : load_weights<type>(at);
  }
UNROLL(8)
  for (int r = 0; r < R; r++) {
    const f32x16 values = ragged ? load_first(x[r] + k, rest) : load(x[r] + k);
UNROLL(4)
    for (int c = 0; c < C; c++) sums[r][c] = fma(w[c], values, sums[r][c]);
  }
}

// result[r * 16 + c] for R rows and C columns.
template <WeightType type, int R, int C>
static void multiply_dense(const uint8_t* weights, uint64_t k, const float* const* rows, float* result) {
  const uint64_t row_bytes = k * weight_bytes(type);
  const float* x[R];
  for (int r = 0; r < R; r++) x[r] = rows[r];
  f32x16 even[R][C], odd[R][C];
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) even[r][c] = odd[r][c] = zero();
  }
  uint64_t at = 0;
  for (; at + 2 * lanes <= k; at += 2 * lanes) {
    dense_block<type, R, C, false>(even, weights, row_bytes, x, at, lanes);
    dense_block<type, R, C, false>(odd, weights, row_bytes, x, at + lanes, lanes);
  }
  uint32_t rest = static_cast<uint32_t>(k - at);
  if (rest >= lanes) {
    dense_block<type, R, C, false>(even, weights, row_bytes, x, at, lanes);
    at += lanes;
    rest -= lanes;
    if (rest > 0) dense_block<type, R, C, true>(odd, weights, row_bytes, x, at, rest);
  } else if (rest > 0) {
    dense_block<type, R, C, true>(even, weights, row_bytes, x, at, rest);
  }
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) result[dense_columns * r + c] = reduce_add(add(even[r][c], odd[r][c]));
  }
}

// result[r * 16 + c] for `columns` <= 16 columns, C at a time.
template <WeightType type, int R, int C>
static void multiply_columns(const uint8_t* weights, uint64_t k, const float* const* rows, uint32_t columns, float* result) {
  uint32_t c = 0;
  for (; c + C <= columns; c += C) {
    multiply_dense<type, R, C>(weights + c * k * weight_bytes(type), k, rows, result + c);
  }
  for (; c < columns; c++) multiply_dense<type, R, 1>(weights + c * k * weight_bytes(type), k, rows, result + c);
}

template <WeightType type>
static void multiply_type(const uint8_t* weights, uint64_t k, const float* const* rows, uint32_t count, uint32_t columns,
                          float* result) {
  switch (count) { // as many columns at a time as leave the sums in registers
    case 1: return multiply_columns<type, 1, 4>(weights, k, rows, columns, result);
    case 2: return multiply_columns<type, 2, 4>(weights, k, rows, columns, result);
    case 3: return multiply_columns<type, 3, 4>(weights, k, rows, columns, result);
    case 4: return multiply_columns<type, 4, 3>(weights, k, rows, columns, result);
    case 5: return multiply_columns<type, 5, 2>(weights, k, rows, columns, result);
    case 6: return multiply_columns<type, 6, 2>(weights, k, rows, columns, result);
    case 7: return multiply_columns<type, 7, 1>(weights, k, rows, columns, result);
    default: return multiply_columns<type, 8, 1>(weights, k, rows, columns, result);
  }
}

void multiply_dense_rows(WeightType type, const uint8_t* weights, uint64_t k, const float* const* rows, uint32_t count,
                         uint32_t columns, float* result) {
  switch (type) {
    case WeightType::f32: return multiply_type<WeightType::f32>(weights, k, rows, count, columns, result);
    case WeightType::f16: return multiply_type<WeightType::f16>(weights, k, rows, count, columns, result);
    case WeightType::bf16: return multiply_type<WeightType::bf16>(weights, k, rows, count, columns, result);
  }
}

}  // namespace ISA_NAMESPACE
