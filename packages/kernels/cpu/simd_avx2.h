// f32x16 as two 256-bit registers. See simd.h.
#include <immintrin.h>

namespace ISA_NAMESPACE {

struct f32x16 {
  __m256 lo, hi;
};
struct u32x16 {
  __m256i lo, hi;
};
struct mask16 {
  __m256 lo, hi;
};

SIMD f32x16 load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
SIMD void store(float* p, f32x16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
SIMD f32x16 load_first(const float* p, uint32_t n) {
  float copy[16] = {};
  memcpy(copy, p, n * sizeof(float));
  return load(copy);
}
SIMD void store_first(float* p, f32x16 a, uint32_t n) {
  float copy[16];
  store(copy, a);
  memcpy(p, copy, n * sizeof(float));
}
SIMD f32x16 splat(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }

SIMD f32x16 load_half(const void* p) {
  const __m128i* words = static_cast<const __m128i*>(p);
  return {_mm256_cvtph_ps(_mm_loadu_si128(words)), _mm256_cvtph_ps(_mm_loadu_si128(words + 1))};
}
SIMD void store_half(void* p, f32x16 a) {
  __m128i* words = static_cast<__m128i*>(p);
  _mm_storeu_si128(words, _mm256_cvtps_ph(a.lo, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128(words + 1, _mm256_cvtps_ph(a.hi, _MM_FROUND_TO_NEAREST_INT));
}

SIMD f32x16 add(f32x16 a, f32x16 b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
SIMD f32x16 sub(f32x16 a, f32x16 b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
SIMD f32x16 mul(f32x16 a, f32x16 b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
SIMD f32x16 div(f32x16 a, f32x16 b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
SIMD f32x16 fma(f32x16 a, f32x16 b, f32x16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
SIMD f32x16 sqrt(f32x16 a) { return {_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)}; }

SIMD mask16 less(f32x16 a, f32x16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)};
}
SIMD mask16 less_equal(f32x16 a, f32x16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LE_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LE_OQ)};
}
SIMD mask16 equal(f32x16 a, f32x16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ)};
}
SIMD mask16 is_nan(f32x16 a) {
  return {_mm256_cmp_ps(a.lo, a.lo, _CMP_UNORD_Q), _mm256_cmp_ps(a.hi, a.hi, _CMP_UNORD_Q)};
}
SIMD f32x16 select(mask16 m, f32x16 a, f32x16 b) {
  return {_mm256_blendv_ps(b.lo, a.lo, m.lo), _mm256_blendv_ps(b.hi, a.hi, m.hi)};
}

SIMD u32x16 bits(f32x16 a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }
SIMD f32x16 floats(u32x16 a) { return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)}; }
SIMD u32x16 load_u32(const uint32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 8))};
}
SIMD u32x16 load_u16(const void* p) {
  const __m128i* words = static_cast<const __m128i*>(p);
  return {_mm256_cvtepu16_epi32(_mm_loadu_si128(words)), _mm256_cvtepu16_epi32(_mm_loadu_si128(words + 1))};
}
SIMD u32x16 load_u8(const void* p) {
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(p));
  return {_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
SIMD u32x16 splat_u32(uint32_t x) {
  const __m256i all = _mm256_set1_epi32(static_cast<int>(x));
  return {all, all};
}
SIMD u32x16 add_u32(u32x16 a, u32x16 b) { return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)}; }
SIMD u32x16 and_u32(u32x16 a, u32x16 b) { return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)}; }
SIMD u32x16 or_u32(u32x16 a, u32x16 b) { return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)}; }
SIMD u32x16 xor_u32(u32x16 a, u32x16 b) { return {_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)}; }
SIMD mask16 equal_u32(u32x16 a, u32x16 b) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.lo, b.lo)), _mm256_castsi256_ps(_mm256_cmpeq_epi32(a.hi, b.hi))};
}
template <int n>
SIMD u32x16 shift_left(u32x16 a) {
  return {_mm256_slli_epi32(a.lo, n), _mm256_slli_epi32(a.hi, n)};
}
template <int n>
SIMD u32x16 shift_right(u32x16 a) {
  return {_mm256_srli_epi32(a.lo, n), _mm256_srli_epi32(a.hi, n)};
}

// A permute of 8 magnitudes by the low 3 bits of the code; bit 3 is moved to the sign.
SIMD __m256 fp4_half(__m256i codes) {
  const __m256 magnitudes = _mm256_setr_ps(0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f);
  const __m256 signs = _mm256_castsi256_ps(_mm256_slli_epi32(codes, 28));
  return _mm256_or_ps(_mm256_permutevar8x32_ps(magnitudes, codes), _mm256_and_ps(signs, _mm256_set1_ps(-0.0f)));
}
template <int i>
SIMD f32x16 fp4_values(u32x16 words) {
  return {fp4_half(_mm256_srli_epi32(words.lo, 4 * i)), fp4_half(_mm256_srli_epi32(words.hi, 4 * i))};
}

#define PARTS
using part = __m256;
constexpr int parts = 2;
SIMD part& part_of(f32x16& a, int i) { return i == 0 ? a.lo : a.hi; }
SIMD part fma(part a, part b, part c) { return _mm256_fmadd_ps(a, b, c); }
SIMD part splat_part(float x) { return _mm256_set1_ps(x); }

struct fp4_pairs {
  __m256i first, second;
};
SIMD __m256i twice(const uint8_t (&bytes)[16]) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}
SIMD fp4_pairs look_up_pairs(__m256i bytes) {
  const __m256i codes = _mm256_and_si256(bytes, _mm256_set1_epi8(15));
  const __m256i lower = _mm256_shuffle_epi8(twice(e2m1_lower), codes), upper = _mm256_shuffle_epi8(twice(e2m1_upper), codes);
  return {_mm256_unpacklo_epi8(lower, upper), _mm256_unpackhi_epi8(lower, upper)};
}
SIMD __m256i sorted_bytes(u32x16 words, int i) { return _mm256_shuffle_epi8(i == 0 ? words.lo : words.hi, twice(even_bytes_first)); }
SIMD fp4_pairs even_pairs(u32x16 words, int i) { return look_up_pairs(sorted_bytes(words, i)); }
SIMD fp4_pairs odd_pairs(u32x16 words, int i) { return look_up_pairs(_mm256_srli_epi16(sorted_bytes(words, i), 4)); }
template <int j>
SIMD part pair_value(fp4_pairs pairs) {
  const __m256i pair = j % 2 == 0 ? pairs.first : pairs.second;
  return _mm256_castsi256_ps(j < 2 ? _mm256_slli_epi32(pair, 16) : _mm256_and_si256(pair, _mm256_set1_epi32(-0x10000)));
}

SIMD float reduce_add(f32x16 a) {
  const __m256 eight = _mm256_add_ps(a.lo, a.hi);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
// max_ps(x, y) is x > y ? x : y.
SIMD float reduce_max(f32x16 a) {
  const __m256 eight = _mm256_max_ps(a.lo, a.hi);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace ISA_NAMESPACE
