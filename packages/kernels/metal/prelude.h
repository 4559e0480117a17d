// What a GPU does its own way: the lanes of a simdgroup, and products of small matrices. This is Metal's version; one for another
// GPU has the same names.
//
// The tile operation: sums [16, 8] += weights [16, 16] * activations [16, 8], by the 32 lanes of a simdgroup together.
// With g = tile_g(lane) in 0..7 and t = tile_t(lane) in 0..3, a lane holds
//   weights:     w[0] = rows g, k 2t and 2t + 1; w[1] = row g + 8, the same k; w[2] = row g, k 2t + 8 and 2t + 9; w[3] = row g + 8;
//   sums:        x, y = row g, columns 2t and 2t + 1; z, w = row g + 8, the same columns.
// Which activations it holds is the affair of tile_store and tile_load. Metal builds the operation of 8x8 simdgroup matrices.
#ifndef METAL_FP4_PRELUDE_H
#define METAL_FP4_PRELUDE_H

#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;

namespace fp4 {

// Weights are read once: a GPU with a choice keeps them out of its small caches.
inline uint4 load_words(device const uint4* at) { return *at; }

inline void simd_sync() { simdgroup_barrier(mem_flags::mem_threadgroup); }
inline void threadgroup_sync() { threadgroup_barrier(mem_flags::mem_threadgroup); }

// The place of a lane in an 8x8 simdgroup matrix: row g, columns 2t and 2t + 1.
inline uint tile_g(uint lane) { return lane / 16u * 4u + lane / 2u % 4u; }
inline uint tile_t(uint lane) { return lane / 8u % 2u * 2u + lane % 2u; }

// Activations of a 32 (k) x 8 (rows) panel in threadgroup memory: 4 matrices [8, 8] of k x rows, whose k are in the order of
// decode(): matrix p has code p of word 0, code p + 4 of word 0, code p of word 1, ...
typedef float tile_element;
constant constexpr uint tile_panel = 256;  // elements of a panel

struct tile_activations {
  float2 k0, k8;  // for k = g and k = g + 8 of the operation: rows 2t and 2t + 1
};

// 8 activations of a row, those of `word` 0..3 of the panel.
inline void tile_store(threadgroup tile_element* panel, uint word, uint row, float4 low, float4 high) {
  threadgroup float* at = panel + 16u * word + row;
  at[0] = low.x, at[8] = high.x;
  at[64] = low.y, at[72] = high.y;
  at[128] = low.z, at[136] = high.z;
  at[192] = low.w, at[200] = high.w;
}

// The panel as the second operands of two operations.
inline void tile_load(threadgroup const tile_element* panel, uint lane, thread tile_activations (&slices)[2]) {
  threadgroup const float* at = panel + 8u * tile_g(lane) + 2u * tile_t(lane);
  slices[0].k0 = float2(at[0], at[1]);
  slices[0].k8 = float2(at[64], at[65]);
  slices[1].k0 = float2(at[128], at[129]);
  slices[1].k8 = float2(at[192], at[193]);
}

inline simdgroup_float8x8 tile_matrix(float2 elements) {
  simdgroup_float8x8 matrix;
  matrix.thread_elements()[0] = elements.x;
  matrix.thread_elements()[1] = elements.y;
  return matrix;
}

// T is half for codes, which are exact in it, or float. All matrices are float: the specification has a product of matrices of one type
// alone, and does not say that subnormal halves, as codes may be, are kept in it. The operands have names, as it takes references.
template <typename T>
inline float4 tile_multiply(vec<T, 2> w0, vec<T, 2> w1, vec<T, 2> w2, vec<T, 2> w3, tile_activations x, float4 sums) {
  simdgroup_float8x8 x0 = tile_matrix(x.k0), x8 = tile_matrix(x.k8);
  simdgroup_float8x8 a = tile_matrix(float2(w0)), b = tile_matrix(float2(w1)), c = tile_matrix(float2(w2)), d = tile_matrix(float2(w3));
  simdgroup_float8x8 top = tile_matrix(float2(sums.x, sums.y)), bottom = tile_matrix(float2(sums.z, sums.w));
  simdgroup_multiply_accumulate(top, a, x0, top);
  simdgroup_multiply_accumulate(bottom, b, x0, bottom);
  simdgroup_multiply_accumulate(top, c, x8, top);
  simdgroup_multiply_accumulate(bottom, d, x8, bottom);
  return float4(top.thread_elements()[0], top.thread_elements()[1], bottom.thread_elements()[0], bottom.thread_elements()[1]);
}

}  // namespace fp4

#endif
