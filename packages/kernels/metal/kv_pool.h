// Where the keys and values of a position are in the pool [poolBlocks, kvHeads, blockSize, headDim].
#ifndef METAL_FP4_KV_POOL_H
#define METAL_FP4_KV_POOL_H

#include <metal_stdlib>
using namespace metal;

#include "status.h"

namespace fp4 {

// What the kernels of the pool refuse, in the order of the manifest's messages.
constant constexpr uint refused_position = 1;
constant constexpr uint refused_block = 2;

// Whether the block table of a row has an entry for a position. Params: the parameters of any kernel of the pool.
template <typename Params>
inline bool position_in_table(constant Params& params, device atomic_uint* status, uint row, uint position) {
  if (position < ulong(params.maxBlocks) * params.blockSize) return true;
  fail(status, refused_position, position, row);
  return false;
}

// The block of a position that is inside the table. One outside the pool fails, and gives none: poolBlocks.
template <typename Params>
inline uint find_block(constant Params& params, device const uint* blockTable, device atomic_uint* status, uint row, uint position) {
  const uint entry = position / params.blockSize;
  const uint block = blockTable[ulong(row) * params.tableStride + entry];
  if (block < params.poolBlocks) return block;
  fail(status, refused_block, entry, row);
  return params.poolBlocks;
}

// Elements from the start of the pool to a position's keys or values.
template <typename Params>
inline ulong pool_offset(constant Params& params, uint block, uint kvHead, uint position) {
  return ((ulong(block) * params.kvHeads + kvHead) * params.blockSize + position % params.blockSize) * params.headDim;
}

}  // namespace fp4

#endif
