// The product of a tile in the order columns64 with 1 to 8 rows of bytes (int8_rows.h).
//
// The order of operations of an output element, `columns64/int8/1`, whatever the number of rows: for each block of 16 values of K the
// exact integer sum of byte products, as float32; within a group, from 0 upwards, sum = fma(block, half step, sum); then
// total = fma(sum, scale, total); at the end total * column scale (nvfp4).
#include "columns64.h"
#include "int8_rows.h"

namespace ISA_NAMESPACE {


// Adds the block whose first word is `word`, of which there are `count`.
template <int R, int V, int count>
SIMD void add_block(f32x16 (&sum)[R][V], const Tile& tile, uint32_t column, uint64_t word, const uint8_t* const* rows) {
  const uint64_t at = word / int8_block_words * int8_block_bytes;
  u32x16 products[R][V];
UNROLL(4)
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) products[r][v] = open_sums(block_start(rows[r] + at));
  }
UNROLL(2)
  for (int w = 0; w < count; w++) {
    u32x16 even[V], odd[V];
UNROLL(4)
    for (int v = 0; v < V; v++) {
      const u32x16 words = load_codes(tile.codes + tile_columns * (word + w) + column + lanes * v);
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
    for (int v = 0; v < V; v++) {
      const u32x16 integers = close_sums(products[r][v], block_start(rows[r] + at));
      sum[r][v] = fma(from_i32(integers), half_step, sum[r][v]);
    }
  }
}

// The words begin <= w < end, whole groups, for R rows and V vectors of columns from `column` on; totals continue in `result`.
template <Format format, int R, int V>
static void multiply_words(const Tile& tile, uint32_t column, const uint8_t* const* rows, uint64_t begin, uint64_t end, float* result) {
  f32x16 total[R][V];
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) total[r][v] = load(result + tile_columns * r + column + lanes * v);
  }
  for (uint64_t word = begin; word < end;) {
    const uint64_t group = word / tile.words_per_group;
    const uint64_t stop = word + tile.words_per_group < end ? word + tile.words_per_group : end;
    f32x16 sum[R][V];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) sum[r][v] = zero();
    }
    for (; stop - word >= int8_block_words; word += int8_block_words) add_block<R, V, int8_block_words>(sum, tile, column, word, rows);
    if (word < stop) add_block<R, V, 1>(sum, tile, column, word, rows);
    word = stop;
UNROLL(4)
    for (int v = 0; v < V; v++) {
      const f32x16 scale = load_scales<format>(tile.scales, tile_columns * group + column + lanes * v);
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
    multiply_words<format, R, V>(tile, column, rows, begin, end, result);
  }
}

#if defined(ISA_AVX512)
constexpr uint32_t rows_together = 4;
#else
constexpr uint32_t rows_together = 2;
#endif

template <Format format>
static void multiply_format(const Tile& tile, const uint8_t* const* rows, uint32_t count, float* result) {
  for (uint32_t c = 0; c < tile_columns * count; c += lanes) store(result + c, zero());
  const uint32_t words = words_of(tile.k), each = words_of_stretch(tile);
  for (uint32_t begin = 0; begin < words;) {
    const uint32_t end = words - begin < each ? words : begin + each;
    for (uint32_t r = 0; r < count;) {
      const uint8_t* const* x = rows + r;
      float* at = result + tile_columns * r;
      const uint32_t rows_now = count - r < rows_together ? count - r : rows_together;
      switch (rows_now) {
        case 1: multiply_columns<format, 1, vectors_for(1)>(tile, x, begin, end, at); break;
        case 2: multiply_columns<format, 2, vectors_for(2)>(tile, x, begin, end, at); break;
        case 3: multiply_columns<format, 3, vectors_for(3)>(tile, x, begin, end, at); break;
        default: multiply_columns<format, 4, vectors_for(4)>(tile, x, begin, end, at);
      }
      r += rows_now;
    }
    begin = end;
  }
  scale_columns<format>(tile, count, result);
}

void multiply_rows_int8(Format format, const Tile& tile, const uint8_t* const* rows, uint32_t count, float* result) {
  switch (format) {
    case Format::fp4: return multiply_format<Format::fp4>(tile, rows, count, result);
    case Format::mxfp4: return multiply_format<Format::mxfp4>(tile, rows, count, result);
    case Format::nvfp4: return multiply_format<Format::nvfp4>(tile, rows, count, result);
  }
}

}  // namespace ISA_NAMESPACE
