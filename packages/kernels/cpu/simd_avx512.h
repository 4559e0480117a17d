// f32x16 as one 512-bit register. See simd.h.

// GCC 12 warns about the "undefined" registers of its own header (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

namespace ISA_NAMESPACE {

struct f32x16 {
  __m512 v;
};
struct u32x16 {
  __m512i v;
};
struct mask16 {
  __mmask16 v;
};

SIMD __mmask16 first_lanes(uint32_t n) { return static_cast<__mmask16>((1u << n) - 1); }

SIMD f32x16 load(const float* p) { return {_mm512_loadu_ps(p)}; }
SIMD f32x16 load_first(const float* p, uint32_t n) { return {_mm512_maskz_loadu_ps(first_lanes(n), p)}; }
SIMD void store(float* p, f32x16 a) { _mm512_storeu_ps(p, a.v); }
SIMD void store_first(float* p, f32x16 a, uint32_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), a.v); }
SIMD f32x16 splat(float x) { return {_mm512_set1_ps(x)}; }

SIMD f32x16 load_half(const void* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)))};
}
SIMD void store_half(void* p, f32x16 a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

SIMD f32x16 add(f32x16 a, f32x16 b) { return {_mm512_add_ps(a.v, b.v)}; }
SIMD f32x16 sub(f32x16 a, f32x16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
SIMD f32x16 mul(f32x16 a, f32x16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
SIMD f32x16 div(f32x16 a, f32x16 b) { return {_mm512_div_ps(a.v, b.v)}; }
SIMD f32x16 fma(f32x16 a, f32x16 b, f32x16 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
SIMD f32x16 sqrt(f32x16 a) { return {_mm512_sqrt_ps(a.v)}; }

SIMD mask16 less(f32x16 a, f32x16 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
SIMD mask16 less_equal(f32x16 a, f32x16 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
SIMD mask16 equal(f32x16 a, f32x16 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
SIMD mask16 is_nan(f32x16 a) { return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)}; }
SIMD f32x16 select(mask16 m, f32x16 a, f32x16 b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }

SIMD u32x16 bits(f32x16 a) { return {_mm512_castps_si512(a.v)}; }
SIMD f32x16 floats(u32x16 a) { return {_mm512_castsi512_ps(a.v)}; }
SIMD u32x16 load_u32(const uint32_t* p) { return {_mm512_loadu_si512(p)}; }
SIMD u32x16 load_u16(const void* p) {
  return {_mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(p)))};
}
SIMD u32x16 load_u8(const void* p) { return {_mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)))}; }
SIMD u32x16 splat_u32(uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
SIMD u32x16 add_u32(u32x16 a, u32x16 b) { return {_mm512_add_epi32(a.v, b.v)}; }
SIMD u32x16 and_u32(u32x16 a, u32x16 b) { return {_mm512_and_si512(a.v, b.v)}; }
SIMD u32x16 or_u32(u32x16 a, u32x16 b) { return {_mm512_or_si512(a.v, b.v)}; }
SIMD u32x16 xor_u32(u32x16 a, u32x16 b) { return {_mm512_xor_si512(a.v, b.v)}; }
SIMD mask16 equal_u32(u32x16 a, u32x16 b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
template <int n>
SIMD u32x16 shift_left(u32x16 a) {
  return {_mm512_slli_epi32(a.v, n)};
}
template <int n>
SIMD u32x16 shift_right(u32x16 a) {
  return {_mm512_srli_epi32(a.v, n)};
}

// One permute looks all 16 up: it reads only the low 4 bits of an index.
template <int i>
SIMD f32x16 fp4_values(u32x16 words) {
  const __m512 table = _mm512_setr_ps(0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f,  //
                                      -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f);
  return {_mm512_permutexvar_ps(_mm512_srli_epi32(words.v, 4 * i), table)};
}

SIMD float reduce_add(f32x16 a) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
// max_ps(x, y) is x > y ? x : y.
SIMD float reduce_max(f32x16 a) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace ISA_NAMESPACE
