// The product of a tile in the order columns64 with 1 to 8 rows; what gemv_fp4, gemm_fp4 and moe_gemv_fp4 share.
#include "columns64.h"

namespace ISA_NAMESPACE {

template <Format format>
SIMD f32x16 scaled(const Tile& tile, f32x16 total, uint32_t column) {
  return format == Format::nvfp4 ? mul(total, load(tile.column_scales + column)) : total;
}

// result[r][0..63] for R rows; V vectors of columns at a time.
template <Format format, int R, int V>
static void multiply_tile(const Tile& tile, const float* const* rows, float* result) {
  const float* x[R];
  for (int r = 0; r < R; r++) x[r] = rows[r];
  for (uint32_t column = 0; column < tile_columns; column += V * lanes) {
    Sums<R, V> sums;
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) sums.total[r][v] = sums.even[r][v] = sums.odd[r][v] = zero();
    }
    const Words<V> source = {tile.codes + column, {}};
    accumulate<format, R, V>(sums, source, tile, tile.scales + column * scale_bytes(format), x, 0, words_of(tile.k));
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) {
        const uint32_t at = column + lanes * v;
        store(result + tile_columns * r + at, scaled<format>(tile, sums.total[r][v], at));
      }
    }
  }
}

template <Format format>
static void multiply_format(const Tile& tile, const float* const* rows, uint32_t count, float* result) {
  switch (count) { // as many vectors at a time as leave the sums in registers
    case 1: return multiply_tile<format, 1, 4>(tile, rows, result);
    case 2: return multiply_tile<format, 2, 2>(tile, rows, result);
    case 3: return multiply_tile<format, 3, 2>(tile, rows, result);
    case 4: return multiply_tile<format, 4, 2>(tile, rows, result);
    case 5: return multiply_tile<format, 5, 1>(tile, rows, result);
    case 6: return multiply_tile<format, 6, 1>(tile, rows, result);
    case 7: return multiply_tile<format, 7, 1>(tile, rows, result);
    default: return multiply_tile<format, 8, 1>(tile, rows, result);
  }
}

void multiply_rows(Format format, const Tile& tile, const float* const* rows, uint32_t count, float* result) {
  switch (format) {
    case Format::fp4: return multiply_format<Format::fp4>(tile, rows, count, result);
    case Format::mxfp4: return multiply_format<Format::mxfp4>(tile, rows, count, result);
    case Format::nvfp4: return multiply_format<Format::nvfp4>(tile, rows, count, result);
  }
}

}  // namespace ISA_NAMESPACE
