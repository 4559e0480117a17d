// Where the keys and values of a position are in the pool [poolBlocks, kvHeads, blockSize, headDim].
#ifndef METAL_FP4_KV_POOL_H
#define METAL_FP4_KV_POOL_H

#include "kernel.h"

namespace ISA_NAMESPACE {

// The block of a position that is inside the table; a block outside the pool writes a message and returns non-zero.
template <typename Call>
[[maybe_unused]] static int find_block(const Call& call, uint64_t row, uint64_t position, uint64_t* block) {
  const uint64_t entry = position / call.params.blockSize;
  const uint32_t id = call.blockTable[row * call.params.tableStride + entry];
  if (id >= call.params.poolBlocks) {
    return fail(call.raw, "block %u at entry %u of row %u is outside the pool of %u", id, (unsigned)entry, (unsigned)row, call.params.poolBlocks);
  }
  *block = id;
  return 0;
}

// Non-zero after a message unless the table of `row` has an entry for the position.
template <typename Call>
[[maybe_unused]] static int check_position(const Call& call, uint64_t row, uint64_t position) {
  const uint64_t positions = uint64_t{call.params.maxBlocks} * call.params.blockSize;
  if (position < positions) return 0;
  return fail(call.raw, "position %u at row %u is outside the block table's %llu positions", (unsigned)position, (unsigned)row,
              (unsigned long long)positions);
}

// Elements from the start of the pool to a position's keys or values.
template <typename Call>
[[maybe_unused]] static uint64_t pool_offset(const Call& call, uint64_t block, uint64_t kvHead, uint64_t offset) {
  return ((block * call.params.kvHeads + kvHead) * call.params.blockSize + offset) * call.params.headDim;
}

}  // namespace ISA_NAMESPACE

#endif
