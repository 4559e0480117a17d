// Activations as bytes: what quantize_rows_int8 makes of rows, and what the products in precision int8 read.
//
// A row of K values is ceil(K/16) blocks of 6 words: -12 times the sum of the bytes (int32), half a step (float32), and 16 signed bytes
// in the order that even_weights and odd_weights have (simd_int8.h): of each 8 values 0, 2, 4, 6, then 1, 3, 5, 7. A value is
// about byte * step with step = absmax / 127. Half a step, because weight bytes count halves.
#ifndef METAL_FP4_INT8_ROWS_H
#define METAL_FP4_INT8_ROWS_H

#include "simd_int8.h"

namespace ISA_NAMESPACE {

constexpr uint32_t int8_block = 16;                                 // values that share a step
constexpr uint32_t int8_block_words = int8_block / 8;               // words of codes
constexpr uint32_t int8_block_bytes = int8_block + 2 * sizeof(uint32_t);

SIMD uint64_t int8_blocks(uint64_t k) { return k / int8_block + (k % int8_block != 0); }
SIMD uint64_t int8_row_bytes(uint64_t k) { return int8_blocks(k) * int8_block_bytes; }

SIMD uint32_t read_u32(const uint8_t* p) {
  uint32_t x;
  memcpy(&x, p, sizeof(x));
  return x;
}
SIMD float read_f32(const uint8_t* p) {
  float x;
  memcpy(&x, p, sizeof(x));
  return x;
}

// The parts of a block.
SIMD u32x16 block_start(const uint8_t* block) { return splat_u32(read_u32(block)); }
SIMD f32x16 block_half_step(const uint8_t* block) { return splat(read_f32(block + 4)); }
SIMD u32x16 block_four(const uint8_t* block, uint32_t i) { return splat_u32(read_u32(block + 8 + 4 * i)); }

}  // namespace ISA_NAMESPACE

#endif
