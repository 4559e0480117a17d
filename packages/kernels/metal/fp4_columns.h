// The inner loop of the products of few rows with FP4 weights in the order columns64: codes [tiles, words, 64], scales
// [tiles, groups, 64]. A threadgroup of 8 simdgroups computes one tile of 64 columns for up to 8 rows; float32 products and sums.
//
// Order of operations, the same whatever the number of rows (`order` of launch.metal): K is cut into blocks of 64 values, block b for
// simdgroup b mod S (S = 8; 4 where two parts share a threadgroup). The first half of its lanes has the even words of a block, the
// other half the odd ones, a lane 4 columns: sum = fma(code value, x, sum) upwards over the values that share a scale in a block,
// total = fma(sum, scale, total). Then the halves' totals are added, then the simdgroups' upwards, then * column scale (nvfp4).
#ifndef METAL_FP4_FP4_COLUMNS_H
#define METAL_FP4_FP4_COLUMNS_H

#include "columns64.h"
#include "fp4.h"
#include "prelude.h"

namespace fp4 {

constant constexpr uint block_values = 64;   // of K
constant constexpr uint block_words = 8;
constant constexpr uint simdgroups = 8;
constant constexpr uint threads = 256;
constant constexpr uint most_rows = 8;
// Threadgroup memory: [8 simdgroups, rows, 64], a block of activations for each simdgroup, then its totals.
// As vectors, whose alignment the reads of 4 values need: an array of float has that of a float.
constant constexpr uint column_vectors = simdgroups * most_rows * 16u;

// The rows of activations [.., K] that go together: row r is number numbers[r] where they are numbered, else number r. Rows from
// `count` on do not exist. (Not a null pointer where they are not: 0 is a place in threadgroup memory like any other.)
struct Rows {
  device const float* activations;
  bool numbered;
  threadgroup const uint* numbers;
  uint count;
  uint k;
};

// The 64 values of the block of `word` on, of each row, into x [rows, 64]; 0 beyond K and beyond word `end`.
template <uint rows>
inline void stage_block(threadgroup float* x, Rows from, uint word, uint end, uint lane) {
  const uint stop = min(from.k, 8u * end);
#pragma unroll
  for (uint r = 0; r < rows; r++) {
    const bool exists = rows == 1u || r < from.count;
    const uint number = exists && from.numbered ? from.numbers[r] : r;
    device const float* row = from.activations + ulong(number) * from.k;
    const uint low = 8u * word + lane, high = low + 32u;
    x[block_values * r + lane] = exists && low < stop ? row[low] : 0.0f;
    x[block_values * r + lane + 32u] = exists && high < stop ? row[high] : 0.0f;
  }
}

// sums += 8 codes of each of 4 columns times the activations at x. Codes stay halves until they are used: fewer registers, and a GPU
// that takes half operands converts them for nothing.
template <uint rows>
inline void add_words(thread float4 (&sums)[rows], uint4 words, threadgroup const float* x) {
  half2 a[4], b[4], c[4], d[4];
  decode(words.x, a);
  decode(words.y, b);
  decode(words.z, c);
  decode(words.w, d);
#pragma unroll
  for (uint r = 0; r < rows; r++) {
    threadgroup const float4* at = reinterpret_cast<threadgroup const float4*>(x + block_values * r);
    const float4 low = at[0], high = at[1];
    sums[r] = fma(float4(float(a[0].x), float(b[0].x), float(c[0].x), float(d[0].x)), float4(low.x), sums[r]);
    sums[r] = fma(float4(float(a[1].x), float(b[1].x), float(c[1].x), float(d[1].x)), float4(low.y), sums[r]);
    sums[r] = fma(float4(float(a[2].x), float(b[2].x), float(c[2].x), float(d[2].x)), float4(low.z), sums[r]);
    sums[r] = fma(float4(float(a[3].x), float(b[3].x), float(c[3].x), float(d[3].x)), float4(low.w), sums[r]);
    sums[r] = fma(float4(float(a[0].y), float(b[0].y), float(c[0].y), float(d[0].y)), float4(high.x), sums[r]);
    sums[r] = fma(float4(float(a[1].y), float(b[1].y), float(c[1].y), float(d[1].y)), float4(high.y), sums[r]);
    sums[r] = fma(float4(float(a[2].y), float(b[2].y), float(c[2].y), float(d[2].y)), float4(high.z), sums[r]);
    sums[r] = fma(float4(float(a[3].y), float(b[3].y), float(c[3].y), float(d[3].y)), float4(high.w), sums[r]);
  }
}

// A lane's share of a block: words half, half + 2, half + 4, half + 6 of it.
struct Block {
  uint4 words[4];
};

inline Block load_block(Columns from, uint word, uint lane) {
  Block block;
#pragma unroll
  for (uint i = 0; i < 4u; i++) {
    // Beyond the end any word will do: its activations are 0.
    const uint at = min(word + 2u * i + lane / 16u, from.end - 1u);
    block.words[i] = load_words(from.codes + 16u * ulong(at) + lane % 16u);
  }
  return block;
}

// `shared`: how many of the lane's 4 words have the same scale. More than 4 rows go 4 at a time, since their sums would not fit the
// registers of a thread; the words are decoded again for them.
template <uint rows, uint shared>
inline void add_block(thread float4 (&totals)[rows], Columns from, Block block, threadgroup const float* x, uint count, uint word,
                      uint lane) {
  constexpr uint some = rows < 4u ? rows : 4u;
  float4 scales[4 / shared];
#pragma unroll
  for (uint i = 0; i < 4u; i += shared) {
    const uint group = group_of(from, min(word + 2u * i + lane / 16u, from.end - 1u));
    scales[i / shared] = scales4(from.scales, from.format, from.first_scale + 64u * ulong(group) + lane % 16u * 4u);
  }
#pragma unroll
  for (uint first = 0; first < rows; first += some) {
    if (first > 0u && first >= count) break;
#pragma unroll
    for (uint i = 0; i < 4u; i += shared) {
      float4 sums[some];
#pragma unroll
      for (uint r = 0; r < some; r++) sums[r] = float4(0.0f);
#pragma unroll
      for (uint j = i; j < i + shared; j++) add_words<some>(sums, block.words[j], x + block_values * first + 8u * (2u * j + lane / 16u));
#pragma unroll
      for (uint r = 0; r < some; r++) totals[first + r] = fma(sums[r] * code_unit, scales[i / shared], totals[first + r]);
    }
  }
}

// The totals of this lane's words and columns.
template <uint rows>
inline void add_columns(thread float4 (&totals)[rows], Columns from, Rows activations, threadgroup float* x, uint simdgroup,
                        uint simdgroup_count, uint lane) {
  const uint blocks = (from.end - from.first + block_words - 1u) / block_words;
  if (simdgroup >= blocks) return;
  uint word = from.first + block_words * simdgroup;
  Block next = load_block(from, word, lane);
  for (uint b = simdgroup; b < blocks; b += simdgroup_count) {
    const Block block = next;
    const uint ahead = word + block_words * simdgroup_count;
    if (b + simdgroup_count < blocks) next = load_block(from, ahead, lane);
    stage_block<rows>(x, activations, word, from.end, lane);
    simd_sync();
    if (from.words_per_group % block_words == 0u) {
      add_block<rows, 4>(totals, from, block, x, activations.count, word, lane);
    } else if (from.words_per_group == 4u) {
      add_block<rows, 2>(totals, from, block, x, activations.count, word, lane);
    } else {
      add_block<rows, 1>(totals, from, block, x, activations.count, word, lane);
    }
    simd_sync();
    word = ahead;
  }
}

// All of it: the sums of the simdgroups land in `memory` [simdgroups, rows, 64].
template <uint rows>
inline void sum_columns(Columns from, Rows activations, threadgroup float* memory, uint simdgroup, uint simdgroup_in_part,
                        uint simdgroups_of_part, uint lane) {
  threadgroup float* mine = memory + simdgroup * rows * 64u;
  float4 totals[rows];
#pragma unroll
  for (uint r = 0; r < rows; r++) totals[r] = float4(0.0f);
  add_columns<rows>(totals, from, activations, mine, simdgroup_in_part, simdgroups_of_part, lane);
#pragma unroll
  for (uint r = 0; r < rows; r++) {
    const float4 other = simd_shuffle_xor(totals[r], 16);
    if (lane < 16u) reinterpret_cast<threadgroup float4*>(mine + 64u * r)[lane] = totals[r] + other;
  }
  threadgroup_sync();
}

// The sum of row r, column c over simdgroups begin <= s < end.
template <uint rows>
inline float column_sum(threadgroup const float* memory, uint begin, uint end, uint r, uint c) {
  float sum = memory[(begin * rows + r) * 64u + c];
  for (uint s = begin + 1u; s < end; s++) sum += memory[(s * rows + r) * 64u + c];
  return sum;
}

}  // namespace fp4

#endif
