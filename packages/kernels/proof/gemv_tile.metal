// gemv_tile: gemv_fp4_partial by the tile operation: weights in columns64 are the 16-row operand, 1 to 16 rows of activations its 8
// columns. fp4 with groups of 128, N a multiple of 64. Written for CUDA: Metal's prelude has no tile_decode.
// A lane reads, of word row 4j + t, columns 8g..8g+7 of a tile (QUADS = 2: a simdgroup 1 KB without a gap) or 4g..4g+3 of half a tile
// (QUADS = 1); that is 2 QUADS tiles of 16 columns by two slices of 16 k. Threadgroup: WARPS simdgroups = COLUMN_WARPS (half) tiles by
// WARPS / COLUMN_WARPS shares of K. Activations pass through threadgroup memory SLICE groups of K at a time, in two buffers, so that
// there is one barrier a slice and the next slice is on its way. Grid: ceil(N / (32 QUADS COLUMN_WARPS)) x splits.
#include "fp4.h"
#include "prelude.h"

namespace gemv_tile_ {

constant constexpr uint rows = ROWS;
constant constexpr uint operations = fp4::tile_operations;
constant constexpr uint width = 32u * QUADS;
constant constexpr uint tiles = 2u * QUADS;
constant constexpr uint k_warps = WARPS / COLUMN_WARPS;
constant constexpr uint buffer_elements = SLICE * 4u * fp4::tile_panel;
constant constexpr uint sum_elements = WARPS * fp4::tile_columns * width / 4u;  // of 16 bytes
constant constexpr uint elements = 2u * buffer_elements > sum_elements ? 2u * buffer_elements : sum_elements;
constant constexpr uint items = SLICE * 16u * rows / (32u * WARPS);  // words of activations that a thread stages
static_assert(items * 32u * WARPS == SLICE * 16u * rows && SLICE % k_warps == 0u, "shares are whole");

struct params { uint m, n, k, groupSize, splits; };

struct Group { uint4 words[4][QUADS]; half4 scales[QUADS]; };

inline Group load_group(device const uint4* codes, device const half4* scales, uint group, uint lane) {
  Group result;
  for (uint j = 0; j < 4u; j++) {
    device const uint4* at = codes + (16u * group + 4u * j + fp4::tile_t(lane)) * 16u + QUADS * fp4::tile_g(lane);
    for (uint q = 0; q < QUADS; q++) result.words[j][q] = fp4::load_words(at + q);
  }
  for (uint q = 0; q < QUADS; q++) result.scales[q] = scales[16u * group + QUADS * fp4::tile_g(lane) + q];
  return result;
}

// sums += words of two columns times the activations of all operations.
inline void tile(thread float4 (&sums)[operations][tiles], uint i, uint first, uint second, thread fp4::tile_activations (&x)[operations][2]) {
  uint a[4], b[4];
  fp4::tile_decode(first, a);
  fp4::tile_decode(second, b);
  for (uint o = 0; o < operations; o++) {
    sums[o][i] = fp4::tile_multiply(a[0], b[0], a[1], b[1], x[o][0], sums[o][i]);
    sums[o][i] = fp4::tile_multiply(a[2], b[2], a[3], b[3], x[o][1], sums[o][i]);
  }
}

inline void add_group(thread float4 (&totals)[operations][tiles], Group group, threadgroup const fp4::tile_element* panels, uint lane) {
  float4 sums[operations][tiles];
  for (uint o = 0; o < operations; o++) {
    for (uint i = 0; i < tiles; i++) sums[o][i] = float4(0.0f);
  }
  for (uint j = 0; j < 4u; j++) {
    fp4::tile_activations x[operations][2];
    for (uint o = 0; o < operations; o++) fp4::tile_load(panels + j * fp4::tile_panel, o, lane, x[o]);
    for (uint q = 0; q < QUADS; q++) {
      tile(sums, 2u * q, group.words[j][q].x, group.words[j][q].y, x);
      tile(sums, 2u * q + 1u, group.words[j][q].z, group.words[j][q].w, x);
    }
  }
  for (uint o = 0; o < operations; o++) {
    for (uint q = 0; q < QUADS; q++) {
      const float4 s = float4(group.scales[q]);
      totals[o][2u * q] = fma(sums[o][2u * q], float4(s.x, s.x, s.y, s.y), totals[o][2u * q]);
      totals[o][2u * q + 1u] = fma(sums[o][2u * q + 1u], float4(s.z, s.z, s.w, s.w), totals[o][2u * q + 1u]);
    }
  }
}

// What a thread stages of a slice.
struct Staged { float4 low[items], high[items]; };

inline Staged load_slice(device const float* activations, uint m, uint k, uint first, uint end, uint thread_index) {
  Staged staged;
  for (uint i = 0; i < items; i++) {
    const uint item = thread_index + 32u * WARPS * i, word = item / rows, row = item % rows;
    staged.low[i] = float4(0.0f);
    staged.high[i] = float4(0.0f);
    if (row < m && first + word / 16u < end) {
      device const float4* at = reinterpret_cast<device const float4*>(activations + row * k + 128u * first + 8u * word);
      staged.low[i] = at[0];
      staged.high[i] = at[1];
    }
  }
  return staged;
}

inline void store_slice(threadgroup fp4::tile_element* panels, Staged staged, uint thread_index) {
  for (uint i = 0; i < items; i++) {
    const uint item = thread_index + 32u * WARPS * i, word = item / rows, row = item % rows;
    fp4::tile_store(panels + word / 4u * fp4::tile_panel, word % 4u, row, staged.low[i], staged.high[i]);
  }
}

}  // namespace gemv_tile_

kernel void gemv_tile(device const float* activations [[buffer(0)]],
                      device const uint* codes [[buffer(1)]],
                      device const uchar* scales [[buffer(2)]],
                      device float* partials [[buffer(3)]],
                      constant gemv_tile_::params& p [[buffer(4)]],
                      uint3 at [[threadgroup_position_in_grid]],
                      uint simdgroup [[simdgroup_index_in_threadgroup]],
                      uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemv_tile_;
  threadgroup fp4::tile_element memory[gemv_tile_::elements];
  const uint widths = p.n / width, groups = p.k / 128u, thread_index = 32u * simdgroup + lane;
  const uint mine = min(at.x * COLUMN_WARPS + simdgroup % COLUMN_WARPS, widths - 1u);
  const uint share = simdgroup / COLUMN_WARPS;
  const uint each = (groups + p.splits - 1u) / p.splits;
  const uint begin = min(at.y * each, groups), end = min(begin + each, groups);
  const uint column_tile = mine / (2u / QUADS), half_tile = mine % (2u / QUADS) * 8u;
  device const uint4* tile_codes = reinterpret_cast<device const uint4*>(codes) + ulong(column_tile) * groups * 256u + half_tile;
  device const half4* tile_scales = reinterpret_cast<device const half4*>(scales) + ulong(column_tile) * groups * 16u + half_tile;

  float4 totals[operations][tiles];
  for (uint o = 0; o < operations; o++) {
    for (uint i = 0; i < tiles; i++) totals[o][i] = float4(0.0f);
  }
  Group next;
  if (begin + share < end) next = load_group(tile_codes, tile_scales, begin + share, lane);
  store_slice(memory, load_slice(activations, p.m, p.k, begin, end, thread_index), thread_index);
  fp4::threadgroup_sync();
  uint buffer = 0u;
  for (uint first = begin; first < end; first += SLICE) {
    const Staged staged = load_slice(activations, p.m, p.k, first + SLICE, end, thread_index);
    const uint stop = min(first + SLICE, end);
    for (uint group = first + share; group < stop; group += k_warps) {
      const Group now = next;
      if (group + k_warps < end) next = load_group(tile_codes, tile_scales, group + k_warps, lane);
      add_group(totals, now, memory + buffer + (group - first) * 4u * fp4::tile_panel, lane);
    }
    buffer = buffer_elements - buffer;
    if (stop < end) store_slice(memory + buffer, staged, thread_index);
    fp4::threadgroup_sync();
  }

  threadgroup float* sums = reinterpret_cast<threadgroup float*>(memory);  // [WARPS, tile_columns, width]
  for (uint o = 0; o < operations; o++) {
    for (uint i = 0; i < tiles; i++) {
      const uint row = 8u * o + 2u * fp4::tile_t(lane), column = 4u * QUADS * fp4::tile_g(lane) + 2u * i;
      threadgroup float* to = sums + (simdgroup * fp4::tile_columns + row) * width + column;
      if (row < fp4::tile_columns) to[0] = totals[o][i].x, to[1] = totals[o][i].z;
      if (row + 1u < fp4::tile_columns) to[width] = totals[o][i].y, to[width + 1u] = totals[o][i].w;
    }
  }
  fp4::threadgroup_sync();
  for (uint i = thread_index; i < COLUMN_WARPS * rows * width; i += 32u * WARPS) {
    const uint c = i % width, row = i / width % rows, w = i / width / rows;
    const uint to = at.x * COLUMN_WARPS + w;
    if (row >= p.m || to >= widths) continue;
    float sum = 0.0f;
    for (uint s = 0; s < k_warps; s++) {
      for (uint term = 0; term < TERMS; term++) {
        sum += sums[((s * COLUMN_WARPS + w) * fp4::tile_columns + term * rows + row) * width + c];
      }
    }
    partials[(ulong(at.y) * p.m + row) * p.n + to * width + c] = sum * fp4::tile_unit;
  }
}
