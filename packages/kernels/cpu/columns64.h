// The inner loops over weights in the order `columns64` (src/packing/columns64.ts): codes [tiles, K/8, 64], scales [tiles, groups, 64].
//
// The order of operations of an output element, `columns64/1`, is the same in every function here, whatever the number of rows:
//   within a group, even k add to one accumulator and odd k to another, upwards: fma(code value, x[k], accumulator);
//   at the group's end total = fma(even + odd, scale, total); at the end total * column scale (nvfp4).
// Two accumulators, because with one a row alone would wait for the latency of every fma.
#ifndef METAL_FP4_COLUMNS64_H
#define METAL_FP4_COLUMNS64_H

#include "fp4.h"
#include "fp4_parts.h"

namespace ISA_NAMESPACE {

constexpr uint32_t tile_columns = 64;

// Words of a group; a group that holds all of K may end within a word.
SIMD uint32_t words_of(uint32_t values) { return values / 8 + (values % 8 != 0); }

// 64 columns of a matrix over all of K.
struct Tile {
  const uint32_t* codes;        // [words, 64]
  const uint8_t* scales;        // [groups, 64]
  const float* column_scales;   // [64]; null unless nvfp4
  uint32_t k;
  uint32_t words_per_group;
};

// What is read now was asked for a page ago: the processor's own prefetching stops at the end of a page. Asking for what lies beyond
// the weights does no harm.
constexpr uint32_t ahead_bytes = 4096;
SIMD u32x16 load_codes(const uint32_t* codes) {
  __builtin_prefetch(reinterpret_cast<const uint8_t*>(codes) + ahead_bytes);
  return load_u32(codes);
}

// Vectors of columns that so many rows go over together: as many as leave the sums in registers.
#if defined(ISA_AVX512)
constexpr int vectors_for(int rows) { return rows <= 2 ? 4 : 2; }
#else
constexpr int vectors_for(int rows) { return rows == 1 ? 2 : 1; }
#endif

// Words of a stretch of K that stays in the first cache while several sets of columns and rows go over it: whole groups.
SIMD uint32_t words_of_stretch(const Tile& tile) {
  constexpr uint32_t least = 16;
  return tile.words_per_group >= least ? tile.words_per_group : least / tile.words_per_group * tile.words_per_group;
}

// The last step of an element: total * column scale, for `rows` rows.
template <Format format>
SIMD void scale_columns(const Tile& tile, uint32_t rows, float* result) {
  if (format != Format::nvfp4) return;
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t c = 0; c < tile_columns; c += lanes) {
      float* at = result + tile_columns * r + c;
      store(at, mul(load(at), load(tile.column_scales + c)));
    }
  }
}

// What is accumulated for R rows and V vectors of columns.
template <int R, int V>
struct Sums {
  f32x16 total[V][R], even[V][R], odd[V][R];
};

// Code i of the open words, for all rows and columns.
template <int i, int R, int V, class Source>
SIMD void step(Sums<R, V>& sums, const Source& source, const float* const (&x)[R], uint64_t k) {
UNROLL(4)
  for (int v = 0; v < V; v++) {
    const f32x16 value = source.template value<i>(v);
UNROLL(8)
    for (int r = 0; r < R; r++) {
      f32x16& sum = i % 2 == 0 ? sums.even[v][r] : sums.odd[v][r];
      sum = fma(value, splat(x[r][k + i]), sum);
    }
  }
}

// The first `count` codes of the open words; 1 to 8 of them.
template <int R, int V, class Source>
SIMD void steps(Sums<R, V>& sums, const Source& source, const float* const (&x)[R], uint64_t k, uint32_t count) {
  step<0>(sums, source, x, k);
  if (count > 1) step<1>(sums, source, x, k);
  if (count > 2) step<2>(sums, source, x, k);
  if (count > 3) step<3>(sums, source, x, k);
  if (count > 4) step<4>(sums, source, x, k);
  if (count > 5) step<5>(sums, source, x, k);
  if (count > 6) step<6>(sums, source, x, k);
  if (count > 7) step<7>(sums, source, x, k);
}

// Where the values of the codes come from: from words, or from a panel that was decoded before.
template <int V>
struct Words {
  const uint32_t* codes;
  u32x16 words[V];
  SIMD_MEMBER void open(uint32_t word) {
    for (int v = 0; v < V; v++) words[v] = load_codes(codes + uint64_t{tile_columns} * word + lanes * v);
  }
  template <int i>
  SIMD_MEMBER f32x16 value(int v) const {
    return fp4_values<i>(words[v]);
  }
#if defined(PARTS)
  template <int R>
  SIMD_MEMBER void add(Sums<R, V>& sums, const float* const (&x)[R], uint64_t k, uint32_t count) const {
UNROLL(4)
    for (int v = 0; v < V; v++) add_words(sums.even[v], sums.odd[v], words[v], x, k, count);
  }
#else
  template <int R>
  SIMD_MEMBER void add(Sums<R, V>& sums, const float* const (&x)[R], uint64_t k, uint32_t count) const {
    steps(sums, *this, x, k, count);
  }
#endif
};

template <int V>
struct Panel {
  const float* values;  // [words of the panel, 8, 64]
  uint32_t first_word;
  const float* at;
  SIMD_MEMBER void open(uint32_t word) { at = values + uint64_t{8 * tile_columns} * (word - first_word); }
  template <int i>
  SIMD_MEMBER f32x16 value(int v) const {
    return load(at + tile_columns * i + lanes * v);
  }
  template <int R>
  SIMD_MEMBER void add(Sums<R, V>& sums, const float* const (&x)[R], uint64_t k, uint32_t count) const {
    steps(sums, *this, x, k, count);
  }
};

// Words begin <= w < end of K. `scales` and the source start at the first of the V vectors of columns.
template <Format format, int R, int V, class Source>
SIMD void accumulate(Sums<R, V>& sums, Source source, const Tile& tile, const uint8_t* scales, const float* const (&x)[R],
                     uint32_t begin, uint32_t end) {
  const uint32_t words = words_of(tile.k), full_words = tile.k / 8;
  for (uint32_t w = begin; w < end;) {
    const uint32_t group = w / tile.words_per_group;
    const uint64_t next = (uint64_t{group} + 1) * tile.words_per_group;
    const uint32_t group_end = next < words ? static_cast<uint32_t>(next) : words;
    const uint32_t stop = group_end < end ? group_end : end;
    const uint32_t full_stop = stop < full_words ? stop : full_words;
    for (; w < full_stop; w++) {
      source.open(w);
      const uint64_t k = uint64_t{8} * w;
      source.add(sums, x, k, 8);
    }
    if (w < stop) { // the last word of a K that is no multiple of 8: activations end within it
      source.open(w);
      const uint64_t k = uint64_t{8} * w;
      source.add(sums, x, k, tile.k % 8);
      w++;
    }
    if (w < group_end) return; // the panel ends within the group
UNROLL(4)
    for (int v = 0; v < V; v++) {
      const f32x16 scale = load_scales<format>(scales, uint64_t{tile_columns} * group + lanes * v);
UNROLL(8)
      for (int r = 0; r < R; r++) {
        sums.total[v][r] = fma(add(sums.even[v][r], sums.odd[v][r]), scale, sums.total[v][r]);
        sums.even[v][r] = zero();
        sums.odd[v][r] = zero();
      }
    }
  }
}

// result[r][0..63] = the tile times rows r < count <= 8: every word is read, and decoded, once for all of them. (columns64.cpp)
void multiply_rows(Format format, const Tile& tile, const float* const* rows, uint32_t count, float* result);

// The same for rows of quantize_rows_int8, in the order columns64/int8/1. (columns64_int8.cpp)
void multiply_rows_int8(Format format, const Tile& tile, const uint8_t* const* rows, uint32_t count, float* result);

}  // namespace ISA_NAMESPACE

#endif
