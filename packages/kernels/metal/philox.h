// Philox4x32-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#ifndef METAL_FP4_PHILOX_H
#define METAL_FP4_PHILOX_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

// Word 0 for the counter (counter, 0, 0, 0).
inline uint philox_word(uint counter, uint key0, uint key1) {
  uint4 c = uint4(counter, 0u, 0u, 0u);
  for (uint round = 0; round < 10u; round++) {
    const uint high0 = mulhi(c.x, 0xd2511f53u), high2 = mulhi(c.z, 0xcd9e8d57u);
    c = uint4(high2 ^ c.y ^ key0, c.z * 0xcd9e8d57u, high0 ^ c.w ^ key1, c.x * 0xd2511f53u);
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return c.x;
}

}  // namespace fp4

#endif
