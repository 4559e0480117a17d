// decode_gemv_fp4_wide: C[M, N] = A[M, K] W, W in fp4 and the canonical layout: B [K/8, N] words of 8 codes along K, half scales
// [K/group_size, N]; A and C half, sums in float32. The baseline GEMV with the contract it was specified with: a work item is 512
// columns of one row, so more rows read the weights again. Sums of a group, times its scale, are added up in order.
#include "kernel.h"

namespace ISA_NAMESPACE {

constexpr uint32_t tile_n = 512;

template <int i>
SIMD f32x16 add_code(f32x16 sum, u32x16 words, const float* x) {
  return fma(fp4_values<i>(words), splat(x[i]), sum);
}

// The first `count` <= 8 codes of 16 words.
SIMD f32x16 add_word(f32x16 sum, u32x16 words, const float* x, uint32_t count) {
  sum = add_code<0>(sum, words, x);
  if (count > 1) sum = add_code<1>(sum, words, x);
  if (count > 2) sum = add_code<2>(sum, words, x);
  if (count > 3) sum = add_code<3>(sum, words, x);
  if (count > 4) sum = add_code<4>(sum, words, x);
  if (count > 5) sum = add_code<5>(sum, words, x);
  if (count > 6) sum = add_code<6>(sum, words, x);
  if (count > 7) sum = add_code<7>(sum, words, x);
  return sum;
}

// `columns` <= 16 columns of the row x, from column n on.
static f32x16 multiply_columns(const decode_gemv_fp4_wide_call& call, const float* x, uint64_t n, uint32_t columns) {
  const uint64_t stride = call.params.N, k = call.params.K;
  const uint64_t words = k / 8 + (k % 8 != 0);
  const uint64_t words_per_group = call.params.group_size / 8 + (call.params.group_size % 8 != 0);
  f32x16 total = zero();
  for (uint64_t group = 0; group * words_per_group < words; group++) {
    const uint64_t first = group * words_per_group;
    const uint64_t stop = words - first < words_per_group ? words : first + words_per_group;
    f32x16 sum = zero();
    for (uint64_t w = first; w < stop; w++) {
      const uint32_t* at = call.B + w * stride + n;
      const u32x16 codes = columns == lanes ? load_u32(at) : load_u32_first(at, columns);
      sum = add_word(sum, codes, x + 8 * w, k - 8 * w < 8 ? static_cast<uint32_t>(k - 8 * w) : 8);
    }
    const uint16_t* scales = call.scales + group * stride + n;
    total = fma(sum, columns == lanes ? load_half(scales) : load_half_first(scales, columns), total);
  }
  return total;
}

}  // namespace ISA_NAMESPACE

// The row of activations as float32.
KERNEL_SCRATCH(decode_gemv_fp4_wide, sizeof(float) * uint64_t{call.params.K})

KERNEL_WITH_SCRATCH(decode_gemv_fp4_wide) {
  const uint64_t n = call.params.N, k = call.params.K, tiles = call.raw->grid[0];
  float* x = static_cast<float*>(call.raw->scratch);
  uint64_t converted = call.params.M; // the row that x holds
  for (uint64_t item = begin; item < end; item++) {
    const uint64_t row = item / tiles, tile = item % tiles;
    if (row != converted) {
      converted = row;
      for (uint64_t at = 0; at < k; at += lanes) {
        const uint32_t count = k - at < lanes ? static_cast<uint32_t>(k - at) : lanes;
        store_first(x + at, load_half_first(call.A + row * k + at, count), count);
      }
    }
    for (uint64_t column = tile * tile_n; column < n && column < (tile + 1) * tile_n; column += lanes) {
      const uint32_t count = n - column < lanes ? static_cast<uint32_t>(n - column) : lanes;
      store_half_first(call.C + row * n + column, multiply_columns(call, x, column, count), count);
    }
  }
  return 0;
}
