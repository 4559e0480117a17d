// quantize_rows_int8: rows of float32 as blocks of 16 signed bytes with a step each (int8_rows.h). A row goes in parts of 4096 values,
// one for each threadgroup: grid [parts, rows].
#include "int8_rows.h"
#include "rest.h"

namespace ISA_NAMESPACE {

constexpr uint64_t part_blocks = 4096 / int8_block;

// step = absmax / 127; byte = x / step to the nearest even, which the sum with 1.5 * 2^23 leaves in its low bits. A value that is not
// finite makes the step NaN, and with it every sum that the block enters.
static void quantize_block(f32x16 x, uint8_t* block) {
  const f32x16 differences = sub(x, x); // 0, or NaN where x is not finite
  const float bad = reduce_add(differences), largest = reduce_max(abs(x));
  const bool finite = bad == 0.0f;
  const float step = finite ? largest / 127.0f : __builtin_nanf("");
  const float half_step = step * 0.5f;
  u32x16 bytes = splat_u32(0);
  uint32_t start = 0;
  if (step > 0.0f) { // not NaN
    const f32x16 clamped = max(min(div(x, splat(step)), splat(127.0f)), splat(-127.0f)); // a subnormal step is inexact
    const f32x16 rounded = add(clamped, splat(12582912.0f));
    bytes = bits(rounded);
    const float sum = reduce_add(sub(rounded, splat(12582912.0f))); // exact: integers below 2^24
    start = static_cast<uint32_t>(-12 * static_cast<int32_t>(sum));
  }
  memcpy(block, &start, sizeof(start));
  memcpy(block + 4, &half_step, sizeof(half_step));
  store_even_odd(block + 8, bytes);
}

}  // namespace ISA_NAMESPACE

KERNEL(quantize_rows_int8) {
  const uint64_t k = call.params.k, blocks = int8_blocks(k), parts = call.raw->grid[0];
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t row = i / parts, first = i % parts * part_blocks;
    const uint64_t last = blocks - first < part_blocks ? blocks : first + part_blocks;
    const float* x = call.activations + row * k;
    uint8_t* out = reinterpret_cast<uint8_t*>(call.out) + row * blocks * int8_block_bytes;
    for (uint64_t block = first; block < last; block++) {
      quantize_block(load_rest(x + block * int8_block, k - block * int8_block), out + block * int8_block_bytes);
    }
  }
  return 0;
}
