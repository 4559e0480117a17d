// Philox4x32-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#ifndef METAL_FP4_PHILOX_H
#define METAL_FP4_PHILOX_H

#include <stdint.h>

namespace ISA_NAMESPACE {

// Word 0 for the counter (counter, 0, 0, 0).
[[maybe_unused]] static uint32_t philox_word(uint32_t counter, uint32_t key0, uint32_t key1) {
  uint32_t c[4] = {counter, 0, 0, 0};
  for (int round = 0; round < 10; round++) {
    const uint64_t product0 = uint64_t{c[0]} * 0xd2511f53u;
    const uint64_t product2 = uint64_t{c[2]} * 0xcd9e8d57u;
    const uint32_t high0 = static_cast<uint32_t>(product0 >> 32), high2 = static_cast<uint32_t>(product2 >> 32);
    c[0] = high2 ^ c[1] ^ key0;
    c[2] = high0 ^ c[3] ^ key1;
    c[1] = static_cast<uint32_t>(product2);
    c[3] = static_cast<uint32_t>(product0);
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return c[0];
}

}  // namespace ISA_NAMESPACE

#endif
