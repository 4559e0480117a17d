// Products of bytes, beside the float32 lanes of simd.h; exact, so that every instruction set gives the same bits:
//
//   even_weights, odd_weights       codes 0, 2, 4, 6 and 1, 3, 5, 7 of 16 words as bytes 2 * value + 12, which are 0 to 24
//   open_sums(start)                what dot4 adds to, for at most 4 times
//   dot4(sums, weights, four)       adds each lane's 4 weight bytes times 4 signed bytes
//   close_sums(sums, start)         start plus all that was added, modulo 2^32
//   from_i32                        float32 of signed lanes, nearest even
//   store_even_odd                  the low bytes of 16 lanes in the order 0 2 4 6 1 3 5 7, 8 10 12 14 9 11 13 15
//
// E2M1 values times 2 are integers of -12 to 12. The offset makes them unsigned, as x86 multiplies an unsigned byte by a signed one.
#ifndef METAL_FP4_SIMD_INT8_H
#define METAL_FP4_SIMD_INT8_H

#include "simd.h"

#define WEIGHT_BYTES 12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0

namespace ISA_NAMESPACE {

#if defined(ISA_AVX512)

SIMD __m512i weight_table() { return _mm512_broadcast_i32x4(_mm_setr_epi8(WEIGHT_BYTES)); }
SIMD f32x16 from_i32(u32x16 a) { return {_mm512_cvtepi32_ps(a.v)}; }

#if defined(ISA_AVX512VNNI)

// A permute reads 6 bits of an index; the table repeats every 16 entries, so that only the low 4 count.
SIMD u32x16 even_weights(u32x16 words) { return {_mm512_permutexvar_epi8(words.v, weight_table())}; }
SIMD u32x16 odd_weights(u32x16 words) { return {_mm512_permutexvar_epi8(_mm512_srli_epi32(words.v, 4), weight_table())}; }
SIMD u32x16 dot4(u32x16 sums, u32x16 weights, u32x16 four) { return {_mm512_dpbusd_epi32(sums.v, weights.v, four.v)}; }

#else

SIMD u32x16 low_nibbles(__m512i words) {
  return {_mm512_shuffle_epi8(weight_table(), _mm512_and_si512(words, _mm512_set1_epi8(15)))};
}
SIMD u32x16 even_weights(u32x16 words) { return low_nibbles(words.v); }
SIMD u32x16 odd_weights(u32x16 words) { return low_nibbles(_mm512_srli_epi32(words.v, 4)); }
// Sums of 16 bits: four times two products are at most 8 * 24 * 128, which is below 2^15.
#define SUMS_OF_16_BITS
SIMD u32x16 dot4(u32x16 sums, u32x16 weights, u32x16 four) {
  return {_mm512_add_epi16(sums.v, _mm512_maddubs_epi16(weights.v, four.v))};
}
SIMD u32x16 close_sums(u32x16 sums, u32x16 start) {
  return {_mm512_add_epi32(start.v, _mm512_madd_epi16(sums.v, _mm512_set1_epi16(1)))};
}

#endif

SIMD void store_even_odd(void* p, u32x16 a) {
  const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
  _mm_storeu_si128(static_cast<__m128i*>(p), _mm_shuffle_epi8(_mm512_cvtepi32_epi8(a.v), order));
}

#else

#if defined(ISA_AVX2)

SIMD __m256i low_nibbles(__m256i words) {
  const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(WEIGHT_BYTES));
  return _mm256_shuffle_epi8(table, _mm256_and_si256(words, _mm256_set1_epi8(15)));
}
SIMD u32x16 even_weights(u32x16 words) { return {low_nibbles(words.lo), low_nibbles(words.hi)}; }
SIMD u32x16 odd_weights(u32x16 words) {
  return {low_nibbles(_mm256_srli_epi32(words.lo, 4)), low_nibbles(_mm256_srli_epi32(words.hi, 4))};
}
// Sums of 16 bits: four times two products are at most 8 * 24 * 128, which is below 2^15.
#define SUMS_OF_16_BITS
SIMD u32x16 dot4(u32x16 sums, u32x16 weights, u32x16 four) {
  return {_mm256_add_epi16(sums.lo, _mm256_maddubs_epi16(weights.lo, four.lo)),
          _mm256_add_epi16(sums.hi, _mm256_maddubs_epi16(weights.hi, four.hi))};
}
SIMD u32x16 close_sums(u32x16 sums, u32x16 start) {
  const __m256i ones = _mm256_set1_epi16(1);
  return {_mm256_add_epi32(start.lo, _mm256_madd_epi16(sums.lo, ones)),
          _mm256_add_epi32(start.hi, _mm256_madd_epi16(sums.hi, ones))};
}
SIMD f32x16 from_i32(u32x16 a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }

#elif defined(ISA_NEON)

SIMD uint32x4_t weights_of(uint8x16_t codes) {
  const uint8x16_t table = {WEIGHT_BYTES};
  return vreinterpretq_u32_u8(vqtbl1q_u8(table, codes));
}
SIMD u32x16 even_weights(u32x16 words) {
  u32x16 r;
  for (int i = 0; i < 4; i++) r.v[i] = weights_of(vandq_u8(vreinterpretq_u8_u32(words.v[i]), vdupq_n_u8(15)));
  return r;
}
SIMD u32x16 odd_weights(u32x16 words) {
  u32x16 r;
  for (int i = 0; i < 4; i++) r.v[i] = weights_of(vshrq_n_u8(vreinterpretq_u8_u32(words.v[i]), 4));
  return r;
}
SIMD int32x4_t dot4_quarter(int32x4_t sum, int8x16_t weights, int8x16_t four) {
#if defined(ISA_NEONDOT)
  return vdotq_s32(sum, weights, four);
#else
  const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(four));
  const int16x8_t high = vmull_s8(vget_high_s8(weights), vget_high_s8(four));
  return vpadalq_s16(sum, vpaddq_s16(low, high));
#endif
}
SIMD u32x16 dot4(u32x16 sum, u32x16 weights, u32x16 four) {
  u32x16 r;
  for (int i = 0; i < 4; i++) {
    r.v[i] = vreinterpretq_u32_s32(dot4_quarter(vreinterpretq_s32_u32(sum.v[i]), vreinterpretq_s8_u32(weights.v[i]),
                                                vreinterpretq_s8_u32(four.v[i])));
  }
  return r;
}
SIMD f32x16 from_i32(u32x16 a) {
  f32x16 r;
  for (int i = 0; i < 4; i++) r.v[i] = vcvtq_f32_s32(vreinterpretq_s32_u32(a.v[i]));
  return r;
}

#else

SIMD uint32_t weights_of(uint32_t nibbles) {
  static const uint8_t table[16] = {WEIGHT_BYTES};
  uint32_t r = 0;
  for (int i = 0; i < 4; i++) r |= static_cast<uint32_t>(table[(nibbles >> (8 * i)) & 15]) << (8 * i);
  return r;
}
SIMD u32x16 even_weights(u32x16 words) {
  u32x16 r;
  for (int i = 0; i < 16; i++) r.v[i] = weights_of(words.v[i]);
  return r;
}
SIMD u32x16 odd_weights(u32x16 words) { return even_weights(shift_right<4>(words)); }
SIMD u32x16 dot4(u32x16 sum, u32x16 weights, u32x16 four) {
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 32; j += 8) {
      const int32_t product = static_cast<int32_t>((weights.v[i] >> j) & 255) * static_cast<int8_t>(four.v[i] >> j);
      sum.v[i] += static_cast<uint32_t>(product);
    }
  }
  return sum;
}
SIMD f32x16 from_i32(u32x16 a) {
  f32x16 r;
  for (int i = 0; i < 16; i++) r.v[i] = static_cast<float>(static_cast<int32_t>(a.v[i]));
  return r;
}

#endif

SIMD void store_even_odd(void* p, u32x16 a) {
  uint32_t values[lanes];
  memcpy(values, &a, sizeof(values));
  uint8_t* bytes = static_cast<uint8_t*>(p);
  for (uint32_t i = 0; i < lanes; i++) bytes[i % 8 / 2 + i % 2 * 4 + i / 8 * 8] = static_cast<uint8_t>(values[i]);
}

#endif

#if defined(SUMS_OF_16_BITS)
SIMD u32x16 open_sums(u32x16) { return splat_u32(0); }
#else
SIMD u32x16 open_sums(u32x16 start) { return start; }
SIMD u32x16 close_sums(u32x16 sums, u32x16) { return sums; }
#endif

}  // namespace ISA_NAMESPACE

#undef WEIGHT_BYTES

#endif
