// decode_gemv_fp4_wide: C[M, N] = A[M, K] W, W in fp4 and the canonical layout: B [K/8, N] words of 8 codes along K (code k in bits
// 4(k mod 8)..), half scales [K/group_size, N]; A and C half, sums in float32. The baseline GEMV, as it was specified.
// Grid: ceil(N / 512) x M threadgroups of 128 threads; a thread computes 4 neighbouring columns of one row.
// Order of operations, as in cpu/decode_gemv_fp4_wide.cpp: sum = fma(code value, x, sum) upwards over a group's K, then
// total = fma(sum, scale, total).
#include <metal_stdlib>
using namespace metal;

#include "fp4.h"

namespace decode_gemv_fp4_wide_ {

constant constexpr uint tile_n = 512;
constant constexpr uint columns_per_thread = 4;

// The first `count` codes of the word of each of a thread's columns, times the activations x.
static float4 add_word(float4 sum, uint4 words, device const half* x, uint count) {
  for (uint i = 0; i < count; i++) {
    const float4 values = float4(fp4::value(words.x), fp4::value(words.y), fp4::value(words.z), fp4::value(words.w));
    sum = fma(values, float4(float(x[i])), sum);
    words >>= 4u;
  }
  return sum;
}

// `count` <= 4 neighbouring words; those beyond are 0.
static uint4 load_words(device const uint* at, uint count) {
  return uint4(at[0], count > 1 ? at[1] : 0u, count > 2 ? at[2] : 0u, count > 3 ? at[3] : 0u);
}
static float4 load_scales(device const half* at, uint count) {
  return float4(float(at[0]), count > 1 ? float(at[1]) : 0.0f, count > 2 ? float(at[2]) : 0.0f,
                count > 3 ? float(at[3]) : 0.0f);
}

}  // namespace decode_gemv_fp4_wide_

[[max_total_threads_per_threadgroup(128)]]
kernel void decode_gemv_fp4_wide(device const half* A [[buffer(0)]],
                                 device const uint* B [[buffer(1)]],
                                 device const half* scales [[buffer(2)]],
                                 device half* C [[buffer(3)]],
                                 constant uint& M [[buffer(4)]],
                                 constant uint& N [[buffer(5)]],
                                 constant uint& K [[buffer(6)]],
                                 constant uint& group_size [[buffer(7)]],
                                 uint3 tile [[threadgroup_position_in_grid]],
                                 uint lane [[thread_index_in_threadgroup]]) {
  using namespace decode_gemv_fp4_wide_;
  const uint row = tile.y;
  const uint column = tile.x * tile_n + lane * columns_per_thread;
  if (row >= M || column >= N) return;
  const uint count = min(columns_per_thread, N - column);
  const uint words = (K + 7u) / 8u;
  const uint words_per_group = group_size / 8u + uint(group_size % 8u != 0u);
  device const half* x = A + ulong(row) * K;

  float4 total = float4(0.0f);
  for (uint first = 0, group = 0; first < words; first += words_per_group, group++) {
    const uint stop = words - first < words_per_group ? words : first + words_per_group;
    float4 sum = float4(0.0f);
    for (uint word = first; word < stop; word++) {
      const uint4 codes = load_words(B + ulong(word) * N + column, count);
      sum = add_word(sum, codes, x + 8u * word, min(8u, K - 8u * word));
    }
    total = fma(sum, load_scales(scales + ulong(group) * N + column, count), total);
    if (words - first <= words_per_group) break;  // first + words_per_group could wrap
  }

  device half* out = C + ulong(row) * N + column;
  out[0] = half(total.x);
  if (count > 1) out[1] = half(total.y);
  if (count > 2) out[2] = half(total.z);
  if (count > 3) out[3] = half(total.w);
}
