// The product of a tile in the order columns64 with 1 to 8 rows of bytes (int8_rows.h).
//
// The order of operations of an output element, `columns64/int8/1`, whatever the number of rows: for each block of 16 values of K the
// exact integer sum of byte products, as float32; within a group, from 0 upwards, sum = fma(block, half step, sum); then
// total = fma(sum, scale, total); at the end total * column scale (nvfp4).
#include "columns64.h"
#include "int8_rows.h"

namespace ISA_NAMESPACE {

// A stretch of K that stays in the first cache while several sets of columns and rows go over it: whole groups of at least this.
constexpr uint32_t stretch_words = 16;
// What is read now was asked for a page ago: the processor's own prefetching stops at the end of a page.
constexpr uint32_t ahead_bytes = 4096;

// Adds the block whose first word is `word`, of which there are `count`.
template <int R, int V, int count>
SIMD void add_block(f32x16 (&sum)[R][V], const Tile& tile, uint32_t column, uint64_t word, const uint8_t* const* rows) {
  const uint64_t at = word / int8_block_words * int8_block_bytes;
  u32x16 products[R][V];
UNROLL(4)
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) products[r][v] = block_start(rows[r] + at);
  }
UNROLL(2)
  for (int w = 0; w < count; w++) {
    u32x16 even[V], odd[V];
UNROLL(4)
    for (int v = 0; v < V; v++) {
      const uint32_t* codes = tile.codes + tile_columns * (word + w) + column + lanes * v;
      __builtin_prefetch(reinterpret_cast<const uint8_t*>(codes) + ahead_bytes);
      const u32x16 words = load_u32(codes);
      even[v] = even_weights(words);
      odd[v] = odd_weights(words);
    }
UNROLL(4)
    for (int r = 0; r < R; r++) {
      const u32x16 low = block_four(rows[r] + at, 2 * w), high = block_four(rows[r] + at, 2 * w + 1);
UNROLL(4)
      for (int v = 0; v < V; v++) products[r][v] = dot4(dot4(products[r][v], even[v], low), odd[v], high);
    }
  }
UNROLL(4)
  for (int r = 0; r < R; r++) {
    const f32x16 half_step = block_half_step(rows[r] + at);
UNROLL(4)
    for (int v = 0; v < V; v++) sum[r][v] = fma(from_i32(products[r][v]), half_step, sum[r][v]);
  }
}

// The groups begin <= g < end for R rows and V vectors of columns from `column` on; their totals continue in `result`.
template <Format format, int R, int V>
static void multiply_groups(const Tile& tile, uint32_t column, const uint8_t* const* rows, uint32_t begin, uint32_t end, float* result) {
  const uint64_t words = words_of(tile.k);
  f32x16 total[R][V];
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) total[r][v] = load(result + tile_columns * r + column + lanes * v);
  }
  for (uint32_t group = begin; group < end; group++) {
    uint64_t word = uint64_t{group} * tile.words_per_group;
    const uint64_t stop = word + tile.words_per_group < words ? word + tile.words_per_group : words;
    f32x16 sum[R][V];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) sum[r][v] = zero();
    }
    for (; stop - word >= int8_block_words; word += int8_block_words) add_block<R, V, int8_block_words>(sum, tile, column, word, rows);
    if (word < stop) add_block<R, V, 1>(sum, tile, column, word, rows);
UNROLL(4)
    for (int v = 0; v < V; v++) {
      const f32x16 scale = load_scales<format>(tile.scales, uint64_t{tile_columns} * group + column + lanes * v);
UNROLL(4)
      for (int r = 0; r < R; r++) total[r][v] = fma(sum[r][v], scale, total[r][v]);
    }
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) store(result + tile_columns * r + column + lanes * v, total[r][v]);
  }
}

template <Format format, int R, int V>
SIMD void multiply_columns(const Tile& tile, const uint8_t* const* rows, uint32_t begin, uint32_t end, float* result) {
  for (uint32_t column = 0; column < tile_columns; column += V * lanes) {
    multiply_groups<format, R, V>(tile, column, rows, begin, end, result);
  }
}

template <Format format>
static void multiply_format(const Tile& tile, const uint8_t* const* rows, uint32_t count, float* result) {
  for (uint32_t c = 0; c < tile_columns * count; c += lanes) store(result + c, zero());
  const uint32_t words = words_of(tile.k);
  const uint32_t groups = words / tile.words_per_group + (words % tile.words_per_group != 0);
  const uint32_t each = tile.words_per_group >= stretch_words ? 1 : stretch_words / tile.words_per_group;
  for (uint32_t begin = 0; begin < groups;) {
    const uint32_t end = groups - begin < each ? groups : begin + each;
    for (uint32_t r = 0; r < count;) {
      const uint8_t* const* x = rows + r;
      float* at = result + tile_columns * r;
      switch (count - r) { // as many vectors at a time as leave the sums in registers
        case 1: multiply_columns<format, 1, 4>(tile, x, begin, end, at); r += 1; break;
        case 2: multiply_columns<format, 2, 4>(tile, x, begin, end, at); r += 2; break;
        case 3: multiply_columns<format, 3, 2>(tile, x, begin, end, at); r += 3; break;
        default: multiply_columns<format, 4, 2>(tile, x, begin, end, at); r += 4; break;
      }
    }
    begin = end;
  }
  if (format != Format::nvfp4) return;
  for (uint32_t r = 0; r < count; r++) {
    for (uint32_t c = 0; c < tile_columns; c += lanes) {
      float* at = result + tile_columns * r + c;
      store(at, mul(load(at), load(tile.column_scales + c)));
    }
  }
}

void multiply_rows_int8(Format format, const Tile& tile, const uint8_t* const* rows, uint32_t count, float* result) {
  switch (format) {
    case Format::fp4: return multiply_format<Format::fp4>(tile, rows, count, result);
    case Format::mxfp4: return multiply_format<Format::mxfp4>(tile, rows, count, result);
    case Format::nvfp4: return multiply_format<Format::nvfp4>(tile, rows, count, result);
  }
}

}  // namespace ISA_NAMESPACE
