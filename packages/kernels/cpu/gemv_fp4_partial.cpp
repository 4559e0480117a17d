// gemv_fp4_partial: partials[s, p, m, n] = sum over the groups of split s of activations[m, k] * W[p][k, n] for 1 to 8 rows, W in FP4
// and the order columns64. A work item is a tile of 64 columns of a part over the groups of a split: grid [tiles, parts, splits].
// Within a split the order of operations is that of columns64.h, as if K began and ended with it.
#include "kernel.h"

#include "fp4_matmul.h"

namespace ISA_NAMESPACE {

// The groups of `tile` from `first` on, `count` of them.
static Tile some_groups(const Tile& tile, Format format, uint64_t first, uint64_t count, uint32_t group_size) {
  const uint64_t begin = first * group_size;  // below tile.k
  const uint64_t rest = tile.k - begin, length = count * group_size;
  return {tile.codes + first * tile.words_per_group * tile_columns, tile.scales + first * tile_columns * scale_bytes(format),
          tile.column_scales, static_cast<uint32_t>(rest < length ? rest : length), tile.words_per_group};
}

}  // namespace ISA_NAMESPACE

KERNEL(gemv_fp4_partial) {
  const gemv_fp4_partial_params& p = call.params;
  const Fp4Matrices matrices = {Precision::float32, call.constants.format, call.codes, call.scales, call.columnScales, p.n, p.k, p.groupSize};
  const uint64_t tiles = call.raw->grid[0], parts = call.raw->grid[1];
  const uint64_t groups = p.k / p.groupSize + (p.k % p.groupSize != 0);
  const uint64_t groups_each = groups / p.splits + (groups % p.splits != 0);
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t tile = i % tiles, matrix = i / tiles;  // matrix = part + parts * split
    const uint64_t first = matrix / parts * groups_each;
    float result[max_rows * tile_columns] = {};
    if (first < groups) {
      const Tile some = some_groups(find_tile(matrices, matrix % parts, tile), matrices.format, first, groups_each, p.groupSize);
      const float* rows[max_rows];
      for (uint64_t r = 0; r < p.m; r++) rows[r] = call.activations + r * p.k + first * p.groupSize;
      multiply_rows(matrices.format, some, rows, p.m, result);
    }
    for (uint64_t r = 0; r < p.m; r++) {
      float* out = call.partials + ((matrix * p.m + r) * tiles + tile) * tile_columns;
      memcpy(out, result + tile_columns * r, sizeof(float) * tile_columns);
    }
  }
  return 0;
}
