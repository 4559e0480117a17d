// marlin_gemm_fp4: C[M, N] = A[M, K] W, W in fp4 and the canonical layout (see decode_gemv_fp4_wide); A and C half, sums in float32.
// The baseline GEMM: a work item is a tile of 64 rows by 64 columns, computed whole whatever M and N are: at M = 1, 63 of its 64 rows
// are padding. It takes 64 values of K at a time through scratch: rows of A, dequantized weights, sums.
#include "kernel.h"

namespace ISA_NAMESPACE {

constexpr uint32_t side = 64;
constexpr uint32_t square = side * side;

// a[row][k]: 64 rows of A, those beyond M (and values beyond K) 0.
static void load_rows(const marlin_gemm_fp4_call& call, uint64_t first_row, uint64_t first_k, float* a) {
  memset(a, 0, sizeof(float) * square);
  const uint64_t m = call.params.M, k = call.params.K;
  for (uint64_t r = 0; r < side && first_row + r < m; r++) {
    for (uint64_t i = 0; i < side && first_k + i < k; i += lanes) {
      const uint64_t left = k - first_k - i;
      store(a + side * r + i, load_half_first(call.A + (first_row + r) * k + first_k + i, left < lanes ? left : lanes));
    }
  }
}

template <int i>
SIMD void store_weights(float* w, u32x16 codes, f32x16 scale) {
  store(w + side * i, mul(fp4_values<i>(codes), scale)); // exact: 2 bits of mantissa times 11
}

// w[k][column]: 64 values of K of 64 columns, dequantized; those beyond K and N are 0.
static void load_weights(const marlin_gemm_fp4_call& call, uint64_t first_k, uint64_t first_column, float* w) {
  memset(w, 0, sizeof(float) * square);
  const uint64_t n = call.params.N, k = call.params.K;
  for (uint64_t i = 0; i < side && first_k + i < k; i += 8) {
    const uint64_t word = (first_k + i) / 8, group = (first_k + i) / call.params.group_size;
    for (uint64_t c = 0; c < side && first_column + c < n; c += lanes) {
      const uint64_t column = first_column + c;
      const uint32_t count = n - column < lanes ? static_cast<uint32_t>(n - column) : lanes;
      const u32x16 codes = load_u32_first(call.B + word * n + column, count);
      const f32x16 scale = load_half_first(call.scales + group * n + column, count);
      float* at = w + side * i + c;
      store_weights<0>(at, codes, scale);
      store_weights<1>(at, codes, scale);
      store_weights<2>(at, codes, scale);
      store_weights<3>(at, codes, scale);
      store_weights<4>(at, codes, scale);
      store_weights<5>(at, codes, scale);
      store_weights<6>(at, codes, scale);
      store_weights<7>(at, codes, scale);
    }
  }
}

// c[row][column] += a w, over 64 values of K.
static void multiply_square(const float* a, const float* w, float* c) {
  constexpr uint32_t rows = 4;
  for (uint32_t r = 0; r < side; r += rows) {
    for (uint32_t column = 0; column < side; column += lanes) {
      f32x16 sums[rows];
UNROLL(4)
      for (uint32_t i = 0; i < rows; i++) sums[i] = load(c + side * (r + i) + column);
      for (uint32_t k = 0; k < side; k++) {
        const f32x16 weights = load(w + side * k + column);
UNROLL(4)
        for (uint32_t i = 0; i < rows; i++) sums[i] = fma(weights, splat(a[side * (r + i) + k]), sums[i]);
      }
UNROLL(4)
      for (uint32_t i = 0; i < rows; i++) store(c + side * (r + i) + column, sums[i]);
    }
  }
}

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(marlin_gemm_fp4, sizeof(float) * 3 * square)

KERNEL_WITH_SCRATCH(marlin_gemm_fp4) {
  const uint64_t m = call.params.M, n = call.params.N;
  float* a = static_cast<float*>(call.raw->scratch);
  float* w = a + square;
  float* c = w + square;
  for (uint64_t item = begin; item < end; item++) {
    const uint64_t first_column = side * (item % call.raw->grid[0]), first_row = side * (item / call.raw->grid[0]);
    memset(c, 0, sizeof(float) * square);
    for (uint64_t k = 0; k < call.params.K; k += side) {
      load_rows(call, first_row, k, a);
      load_weights(call, k, first_column, w);
      multiply_square(a, w, c);
    }
    for (uint64_t r = 0; r < side && first_row + r < m; r++) {
      for (uint64_t i = 0; i < side && first_column + i < n; i += lanes) {
        const uint64_t left = n - first_column - i;
        store_half_first(call.C + (first_row + r) * n + first_column + i, load(c + side * r + i), left < lanes ? left : lanes);
      }
    }
  }
  return 0;
}
