// gemm_fp4: out[m, n] = sum over k of activations[m, k] * W[k, n] for any m, W in FP4 and the order columns64; then nothing, + residual,
// or silu(gate) * up of two parts. Grid: ceil(N / 64) x ceil(M / 32), or ceil(M / 64) for `panel`, threadgroups of 4 simdgroups (see
// gemm_tile.h); for swiglu a threadgroup has 32 columns of gate and the same 32 of up, and the grid ceil(N / 32).
// Where groups are whole steps of 32 values, codes stay halves, which hold them exactly, up to the tile operation, and a step's sums are
// multiplied by the scale; else the scale is applied to the codes.
#include "constants.h"
#include "exponential.h"
#include "fp4.h"
#include "gemm_tile.h"
#include "params.h"

constant bool gemm_fp4_has_column_scales = constant0 == uint(gemm_fp4_format::nvfp4);
constant bool gemm_fp4_has_residual = constant1 == uint(gemm_fp4_epilogue::add);

namespace gemm_fp4_ {

constant uint format = constant0;
constant bool is_swiglu = constant1 == uint(gemm_fp4_epilogue::swiglu);
constant bool is_panel = constant2 == uint(gemm_fp4_tile::panel);

// 32 columns of a matrix: where a lane reads its words and scales.
struct Columns {
  device const uint4* codes;   // [words, 16], at the lane's 4 columns
  device const uchar* scales;  // of the whole matrix
  ulong first_scale;           // the lane's first
  uint words, words_per_group;
};

struct Arguments {
  device const float* activations;
  device const uint* codes;
  device const uchar* scales;
  device const float* column_scales;
  device const float* residual;
  device float* out;
};

inline Columns find_columns(Arguments a, gemm_fp4_params p, ulong tile, uint half_tile, uint lane) {
  Columns from;
  from.words = p.k / 8u + uint(p.k % 8u != 0u);
  from.words_per_group = p.groupSize / 8u + uint(p.groupSize % 8u != 0u);
  const ulong groups = p.k / p.groupSize + uint(p.k % p.groupSize != 0u);
  const uint quad = 8u * half_tile + fp4::tile_g(lane);
  from.codes = reinterpret_cast<device const uint4*>(a.codes) + tile * from.words * 16u + quad;
  from.scales = a.scales;
  from.first_scale = tile * groups * 64u + 4u * quad;
  return from;
}

// Beyond K any word will do: its activations are 0.
inline uint word_of(Columns from, uint step, uint lane) { return min(4u * step + fp4::tile_t(lane), from.words - 1u); }

inline float4 scales_of(Columns from, uint word) {
  return fp4::scales4(from.scales, format, from.first_scale + 64u * ulong(word / from.words_per_group));
}

// Scales after the sums.
inline void multiply_codes(thread fp4::GemmSums& sums, Columns from, uint4 words, uint word, threadgroup const fp4::tile_element* panels,
                           fp4::GemmShare share, uint step, uint row_tiles, uint lane) {
  half2 w[4][4];
  fp4::decode(words.x, w[0]);
  fp4::decode(words.y, w[1]);
  fp4::decode(words.z, w[2]);
  fp4::decode(words.w, w[3]);
  const float4 scales = scales_of(from, word);
  const float4 first = float4(scales.x, scales.x, scales.y, scales.y), second = float4(scales.z, scales.z, scales.w, scales.w);
#pragma unroll
  for (uint r = 0; r < fp4::gemm_row_tiles; r++) {
    if (r >= row_tiles) break;
    fp4::tile_activations x[2];
    fp4::tile_load(fp4::panel_of(panels, share, step, r), lane, x);
#pragma unroll
    for (uint i = 0; i < 2u; i++) {
      const uint a = 2u * i, b = 2u * i + 1u;
      float4 sum = float4(0.0f);
      sum = fp4::tile_multiply<half>(w[a][0], w[b][0], w[a][1], w[b][1], x[0], sum);
      sum = fp4::tile_multiply<half>(w[a][2], w[b][2], w[a][3], w[b][3], x[1], sum);
      sums.tiles[i][r] = fma(sum * fp4::code_unit, i == 0u ? first : second, sums.tiles[i][r]);
    }
  }
}

// The values of a column's word times its scale.
inline fp4::Eight scaled(uint word, float scale) {
  half2 pairs[4];
  fp4::decode(word, pairs);
  const float4 low = float4(float(pairs[0].x), float(pairs[1].x), float(pairs[2].x), float(pairs[3].x));
  const float4 high = float4(float(pairs[0].y), float(pairs[1].y), float(pairs[2].y), float(pairs[3].y));
  fp4::Eight values;
  values.low = low * fp4::code_unit * scale;
  values.high = high * fp4::code_unit * scale;
  return values;
}

inline void multiply(Arguments a, gemm_fp4_params p, threadgroup float* memory, uint3 at, uint simdgroup, uint lane) {
  const fp4::GemmShare share = fp4::gemm_share(is_panel, simdgroup);
  const uint first_row = at.y * 8u * share.row_tiles, tiles = p.n / 64u + uint(p.n % 64u != 0u);
  const ulong tile = is_swiglu ? ulong(share.column_half) * tiles + at.x / 2u : ulong(at.x);
  const Columns from = find_columns(a, p, tile, is_swiglu ? at.x % 2u : share.column_half, lane);
  const uint row_tiles = fp4::row_tiles_of(share, p.m, first_row);
  const uint steps = from.words / 4u + uint(from.words % 4u != 0u);
  const bool after = from.words_per_group % 4u == 0u;
  fp4::GemmSums sums;
  fp4::clear(sums);
  for (uint first = 0; first < steps; first += share.steps) {
    uint4 words[fp4::gemm_steps];
    uint at_word[fp4::gemm_steps];
#pragma unroll
    for (uint s = 0; s < fp4::gemm_steps; s++) {
      at_word[s] = word_of(from, first + share.first_step + s, lane);
      words[s] = fp4::load_words(from.codes + 16u * ulong(at_word[s]));
    }
    fp4::stage_slice(a.activations, memory, share, p.m, p.k, first_row, 4u * first, 32u * simdgroup + lane);
    fp4::threadgroup_sync();
#pragma unroll
    for (uint s = 0; s < fp4::gemm_steps; s++) {
      if (after) {
        multiply_codes(sums, from, words[s], at_word[s], memory, share, s, row_tiles, lane);
      } else {
        const float4 scales = scales_of(from, at_word[s]);
        const fp4::Eight w[4] = {scaled(words[s].x, scales.x), scaled(words[s].y, scales.y), scaled(words[s].z, scales.z),
                                 scaled(words[s].w, scales.w)};
        fp4::multiply_step(sums, w, memory, share, s, row_tiles, lane);
      }
    }
    fp4::threadgroup_sync();
  }
  fp4::store_sums(sums, memory, simdgroup, lane);
}

inline float finished(threadgroup const float* memory, Arguments a, ulong tile, uint column, uint r, uint c) {
  const float sum = fp4::stored_sum(memory, is_panel, r, c);
  return gemm_fp4_has_column_scales ? sum * a.column_scales[tile * 64u + column] : sum;
}

inline void finish(Arguments a, gemm_fp4_params p, threadgroup const float* memory, uint3 at, uint thread_index) {
  const uint rows = is_panel ? 64u : 32u, width = is_swiglu ? 32u : 64u, tiles = p.n / 64u + uint(p.n % 64u != 0u);
  for (uint i = thread_index; i < rows * width; i += fp4::gemm_threads) {
    const uint r = i / width, c = i % width, row = at.y * rows + r, n = at.x * width + c;
    if (row >= p.m || n >= p.n) continue;
    const ulong to = ulong(row) * p.n + n;
    float value = finished(memory, a, n / 64u, n % 64u, r, c);
    if (gemm_fp4_has_residual) value += a.residual[to];
    if (is_swiglu) value = fp4::silu(value) * finished(memory, a, ulong(tiles) + n / 64u, n % 64u, r, c + 32u);
    a.out[to] = value;
  }
}

}  // namespace gemm_fp4_

[[max_total_threads_per_threadgroup(128)]]
kernel void gemm_fp4(device const float* activations [[buffer(0)]],
                     device const uint* codes [[buffer(1)]],
                     device const uchar* scales [[buffer(2)]],
                     device const float* columnScales [[buffer(3), function_constant(gemm_fp4_has_column_scales)]],
                     device const float* residual [[buffer(4), function_constant(gemm_fp4_has_residual)]],
                     device float* out [[buffer(5)]],
                     constant gemm_fp4_params& params [[buffer(6)]],
                     uint3 at [[threadgroup_position_in_grid]],
                     uint simdgroup [[simdgroup_index_in_threadgroup]],
                     uint lane [[thread_index_in_simdgroup]]) {
  using namespace gemm_fp4_;
  threadgroup float memory[fp4::gemm_memory];
  Arguments a = {};
  a.activations = activations;
  a.codes = codes;
  a.scales = scales;
  if (gemm_fp4_has_column_scales) a.column_scales = columnScales;
  if (gemm_fp4_has_residual) a.residual = residual;
  a.out = out;
  multiply(a, params, memory, at, simdgroup, lane);
  fp4::threadgroup_sync();
  finish(a, params, memory, at, 32u * simdgroup + lane);
}
