// What the products of many rows share: a threadgroup of 4 simdgroups, each of which computes 32 columns by 32 rows with the tile
// operation (prelude.h), over slices of K that pass through threadgroup memory.
//
// A lane has 4 neighbouring columns, 4g .. 4g + 3 of its simdgroup's 32, and of each 32 values of K the 8 of word t: so tile i of 16
// columns has columns 4g + 2i as its rows g and 4g + 2i + 1 as its rows g + 8, and the two operations of a step the code pairs of decode().
// Threadgroups of `rows8` have 32 rows, and their simdgroups 2 and 3 the other half of each slice; those of `panel` have 64 rows.
#ifndef METAL_FP4_GEMM_TILE_H
#define METAL_FP4_GEMM_TILE_H

#include "dense.h"
#include "prelude.h"

namespace fp4 {

constant constexpr uint gemm_threads = 128;
constant constexpr uint gemm_row_tiles = 4;  // of 8 rows, for a simdgroup
constant constexpr uint gemm_steps = 2;      // of 32 values of K, of a slice, for a simdgroup
constant constexpr uint gemm_memory = 16u * tile_panel;

// What a simdgroup of the threadgroup does.
struct GemmShare {
  uint column_half;  // which 32 of the 64 columns; of gate and up, which of the two
  uint first_step;   // of a slice
  uint first_panel;  // of the rows
  uint steps;        // of a slice, all simdgroups together
  uint row_tiles;    // of the threadgroup
};

inline GemmShare gemm_share(bool panel, uint simdgroup) {
  GemmShare share;
  share.column_half = simdgroup % 2u;
  share.first_step = panel ? 0u : simdgroup / 2u * gemm_steps;
  share.first_panel = panel ? simdgroup / 2u * gemm_row_tiles : 0u;
  share.steps = panel ? gemm_steps : 2u * gemm_steps;
  share.row_tiles = panel ? 2u * gemm_row_tiles : gemm_row_tiles;
  return share;
}

// Sums of a lane: of tile i of columns and row tile r.
struct GemmSums {
  float4 tiles[2][gemm_row_tiles];
};

inline void clear(thread GemmSums& sums) {
#pragma unroll
  for (uint i = 0; i < 2u; i++) {
#pragma unroll
    for (uint r = 0; r < gemm_row_tiles; r++) sums.tiles[i][r] = float4(0.0f);
  }
}

// Activations of rows first_row .. of the threadgroup, words of 8 values from `word` on, into panels [steps, row tiles]; 0 beyond M and K.
inline void stage_slice(device const float* activations, threadgroup tile_element* panels, GemmShare share, uint m, uint k, uint first_row,
                        uint word, uint thread_index) {
  const uint rows = 8u * share.row_tiles;
  for (uint i = thread_index; i < 4u * share.steps * rows; i += gemm_threads) {
    const uint r = i % rows, w = i / rows, row = first_row + r;
    const ulong at = 8u * (ulong(word) + w);
    Eight x;
    x.low = float4(0.0f);
    x.high = float4(0.0f);
    if (row < m && at < k) x = eight_activations(activations + ulong(row) * k, at, uint(min(ulong(8), k - at)));
    tile_store(panels + (w / 4u * share.row_tiles + r / 8u) * tile_panel, w % 4u, r % 8u, x.low, x.high);
  }
}

inline threadgroup const tile_element* panel_of(threadgroup const tile_element* panels, GemmShare share, uint step, uint r) {
  return panels + ((share.first_step + step) * share.row_tiles + share.first_panel + r) * tile_panel;
}

// sums += 8 values of each of the lane's 4 columns times the activations of step `step`, for the first `row_tiles` tiles of rows.
inline void multiply_step(thread GemmSums& sums, thread const Eight (&w)[4], threadgroup const tile_element* panels, GemmShare share, uint step,
                          uint row_tiles, uint lane) {
#pragma unroll
  for (uint r = 0; r < gemm_row_tiles; r++) {
    if (r >= row_tiles) break;
    tile_activations x[2];
    tile_load(panel_of(panels, share, step, r), lane, x);
#pragma unroll
    for (uint i = 0; i < 2u; i++) {
      const Eight a = w[2u * i], b = w[2u * i + 1u];
      float4 sum = sums.tiles[i][r];
      sum = tile_multiply<float>(float2(a.low.x, a.high.x), float2(b.low.x, b.high.x), float2(a.low.y, a.high.y), float2(b.low.y, b.high.y),
                                 x[0], sum);
      sums.tiles[i][r] = tile_multiply<float>(float2(a.low.z, a.high.z), float2(b.low.z, b.high.z), float2(a.low.w, a.high.w),
                                              float2(b.low.w, b.high.w), x[1], sum);
    }
  }
}

// How many of a simdgroup's row tiles have rows.
inline uint row_tiles_of(GemmShare share, uint m, uint first_row) {
  const uint from = first_row + 8u * share.first_panel;
  return from < m ? min((m - from + 7u) / 8u, gemm_row_tiles) : 0u;
}

// The sums into `memory`: [64 rows, 64 columns] for `panel`, [2 halves of K, 32 rows, 64 columns] for `rows8`.
inline void store_sums(GemmSums sums, threadgroup float* memory, uint simdgroup, uint lane) {
  threadgroup float* mine = memory + simdgroup / 2u * 2048u + simdgroup % 2u * 32u;
#pragma unroll
  for (uint i = 0; i < 2u; i++) {
#pragma unroll
    for (uint r = 0; r < gemm_row_tiles; r++) {
      threadgroup float* at = mine + (8u * r + 2u * tile_t(lane)) * 64u + 4u * tile_g(lane) + 2u * i;
      at[0] = sums.tiles[i][r].x;
      at[64] = sums.tiles[i][r].y;
      at[1] = sums.tiles[i][r].z;
      at[65] = sums.tiles[i][r].w;
    }
  }
}

inline float stored_sum(threadgroup const float* memory, bool panel, uint r, uint c) {
  const float sum = memory[64u * r + c];
  return panel ? sum : sum + memory[2048u + 64u * r + c];
}

}  // namespace fp4

#endif
