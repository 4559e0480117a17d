// The product of a tile in the order columns64 with 1 to 8 rows; what gemv_fp4, gemm_fp4 and moe_gemv_fp4 share.
#include "columns64.h"

namespace ISA_NAMESPACE {

// The words begin <= w < end, whole groups, for R rows and V vectors of columns at a time; totals continue in result[r][0..63].
template <Format format, int R, int V>
static void multiply_words(const Tile& tile, const float* const* rows, uint32_t begin, uint32_t end, float* result) {
  const float* x[R];
  for (int r = 0; r < R; r++) x[r] = rows[r];
  for (uint32_t column = 0; column < tile_columns; column += V * lanes) {
    Sums<R, V> sums;
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) {
        sums.total[v][r] = load(result + tile_columns * r + column + lanes * v);
        sums.even[v][r] = sums.odd[v][r] = zero();
      }
    }
    const Words<V> source = {tile.codes + column, {}};
    accumulate<format, R, V>(sums, source, tile, tile.scales + column * scale_bytes(format), x, begin, end);
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) store(result + tile_columns * r + column + lanes * v, sums.total[v][r]);
    }
  }
}

constexpr uint32_t rows_together = 4;

template <Format format>
static void multiply_format(const Tile& tile, const float* const* rows, uint32_t count, float* result) {
  for (uint32_t c = 0; c < tile_columns * count; c += lanes) store(result + c, zero());
  const uint32_t words = words_of(tile.k), each = words_of_stretch(tile);
  for (uint32_t begin = 0; begin < words;) {
    const uint32_t end = words - begin < each ? words : begin + each;
    for (uint32_t r = 0; r < count;) {
      const float* const* x = rows + r;
      float* at = result + tile_columns * r;
      const uint32_t rows_now = count - r < rows_together ? count - r : rows_together;
      switch (rows_now) {
        case 1: multiply_words<format, 1, vectors_for(1)>(tile, x, begin, end, at); break;
        case 2: multiply_words<format, 2, vectors_for(2)>(tile, x, begin, end, at); break;
        case 3: multiply_words<format, 3, vectors_for(3)>(tile, x, begin, end, at); break;
        default: multiply_words<format, 4, vectors_for(4)>(tile, x, begin, end, at);
      }
      r += rows_now;
    }
    begin = end;
  }
  scale_columns<format>(tile, count, result);
}

void multiply_rows(Format format, const Tile& tile, const float* const* rows, uint32_t count, float* result) {
  switch (format) {
    case Format::fp4: return multiply_format<Format::fp4>(tile, rows, count, result);
    case Format::mxfp4: return multiply_format<Format::mxfp4>(tile, rows, count, result);
    case Format::nvfp4: return multiply_format<Format::nvfp4>(tile, rows, count, result);
  }
}

}  // namespace ISA_NAMESPACE
