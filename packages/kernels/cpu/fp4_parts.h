// Products of words of codes with rows where 16 lanes are several registers (`parts`): a register at a time, so that its sums stay in
// registers, and its codes are looked up together. What a lookup gives for two nibbles of each word is interleaved to pairs of values,
// the upper halves of their float32, so that a shift or a mask is all that each value costs.
//
//   part, part_of(f32x16, i)                    a register and the i-th of a vector; fma, splat_part
//   even_pairs(words, i), odd_pairs(words, i)   codes 0 and 4, 2 and 6 (1 and 5, 3 and 7) of each word of part i
//   pair_value<j>(pairs)                        the j-th of the four codes, upwards
#ifndef METAL_FP4_FP4_PARTS_H
#define METAL_FP4_FP4_PARTS_H

#include "simd.h"

#if defined(PARTS)

namespace ISA_NAMESPACE {

template <int j, int R>
SIMD void add_pair_value(f32x16 (&sums)[R], int i, fp4_pairs pairs, const float* const (&x)[R], uint64_t k) {
  const part value = pair_value<j>(pairs);
UNROLL(8)
  for (int r = 0; r < R; r++) part_of(sums[r], i) = fma(value, splat_part(x[r][k + 2 * j]), part_of(sums[r], i));
}

template <int R>
SIMD void add_pairs(f32x16 (&sums)[R], int i, fp4_pairs pairs, const float* const (&x)[R], uint64_t k, uint32_t count) {
  add_pair_value<0>(sums, i, pairs, x, k);
  if (count > 2) add_pair_value<1>(sums, i, pairs, x, k);
  if (count > 4) add_pair_value<2>(sums, i, pairs, x, k);
  if (count > 6) add_pair_value<3>(sums, i, pairs, x, k);
}

// The first `count` codes (1 to 8) of 16 words times x[r][k..]: those with even numbers to `even`, those with odd ones to `odd`, upwards.
template <int R>
SIMD void add_words(f32x16 (&even)[R], f32x16 (&odd)[R], u32x16 words, const float* const (&x)[R], uint64_t k, uint32_t count) {
UNROLL(4)
  for (int i = 0; i < parts; i++) {
#if defined(ISA_AVX2)
    // 16 registers: activations are to be loaded again for each part, which costs nothing, not kept from one to the next.
    __asm__("" : "+r"(k));
#endif
    add_pairs(even, i, even_pairs(words, i), x, k, count);
    if (count > 1) add_pairs(odd, i, odd_pairs(words, i), x, k + 1, count - 1);
  }
}

}  // namespace ISA_NAMESPACE

#endif

#endif
