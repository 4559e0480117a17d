// Where a tile of 64 columns lies in weights of the order columns64: codes [tiles, words, 64], scales [tiles, groups, 64].
#ifndef METAL_FP4_COLUMNS64_H
#define METAL_FP4_COLUMNS64_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

// A tile of 64 columns over words first <= w < end of K.
struct Columns {
  device const uint4* codes;    // [words, 16]
  device const uchar* scales;   // of the whole matrix
  ulong first_scale;            // the tile's first in it
  uint words_per_group;
  uint group_shift;             // words_per_group = 1 << group_shift, or 32
  uint first, end;
  uint format;
};

inline uint group_of(Columns from, uint word) {
  return from.group_shift < 32u ? word >> from.group_shift : word / from.words_per_group;
}

// Tile `tile` of matrix `matrix` in [matrices, tiles, ...], over all of K.
inline Columns find_columns(device const uint* codes, device const uchar* scales, uint format, uint n, uint k, uint group_size,
                            ulong matrix, uint tile) {
  const uint words = k / 8u + uint(k % 8u != 0u);
  const uint groups = k / group_size + uint(k % group_size != 0u);
  const ulong index = matrix * ((n + 63u) / 64u) + tile;
  Columns result;
  result.codes = reinterpret_cast<device const uint4*>(codes) + index * words * 16u;
  result.scales = scales;
  result.first_scale = index * groups * 64u;
  result.words_per_group = group_size / 8u + uint(group_size % 8u != 0u);
  const bool power = (result.words_per_group & (result.words_per_group - 1u)) == 0u;
  result.group_shift = power ? ctz(result.words_per_group) : 32u;
  result.first = 0u;
  result.end = words;
  result.format = format;
  return result;
}

}  // namespace fp4

#endif
