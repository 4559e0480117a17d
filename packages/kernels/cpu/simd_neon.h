// f32x16 as four 128-bit registers. See simd.h.
#include <arm_neon.h>

namespace ISA_NAMESPACE {

struct f32x16 {
  float32x4_t v[4];
};
struct u32x16 {
  uint32x4_t v[4];
};
struct mask16 {
  uint32x4_t v[4];
};

#define EACH(type, expression)            \
  type r;                                 \
  for (int i = 0; i < 4; i++) r.v[i] = expression; \
  return r

SIMD f32x16 load(const float* p) { EACH(f32x16, vld1q_f32(p + 4 * i)); }
SIMD void store(float* p, f32x16 a) {
  for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, a.v[i]);
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
SIMD f32x16 splat(float x) { EACH(f32x16, vdupq_n_f32(x)); }

SIMD uint16x4_t four_u16(const void* p, int i) {
  return vreinterpret_u16_u8(vld1_u8(static_cast<const uint8_t*>(p) + 8 * i)); // any alignment
}
SIMD f32x16 load_half(const void* p) { EACH(f32x16, vcvt_f32_f16(vreinterpret_f16_u16(four_u16(p, i)))); }
SIMD void store_half(void* p, f32x16 a) {
  for (int i = 0; i < 4; i++) {
    vst1_u8(static_cast<uint8_t*>(p) + 8 * i, vreinterpret_u8_f16(vcvt_f16_f32(a.v[i])));
  }
}

SIMD f32x16 add(f32x16 a, f32x16 b) { EACH(f32x16, vaddq_f32(a.v[i], b.v[i])); }
SIMD f32x16 sub(f32x16 a, f32x16 b) { EACH(f32x16, vsubq_f32(a.v[i], b.v[i])); }
SIMD f32x16 mul(f32x16 a, f32x16 b) { EACH(f32x16, vmulq_f32(a.v[i], b.v[i])); }
SIMD f32x16 div(f32x16 a, f32x16 b) { EACH(f32x16, vdivq_f32(a.v[i], b.v[i])); }
SIMD f32x16 fma(f32x16 a, f32x16 b, f32x16 c) { EACH(f32x16, vfmaq_f32(c.v[i], a.v[i], b.v[i])); }
SIMD f32x16 sqrt(f32x16 a) { EACH(f32x16, vsqrtq_f32(a.v[i])); }

SIMD mask16 less(f32x16 a, f32x16 b) { EACH(mask16, vcltq_f32(a.v[i], b.v[i])); }
SIMD mask16 less_equal(f32x16 a, f32x16 b) { EACH(mask16, vcleq_f32(a.v[i], b.v[i])); }
SIMD mask16 equal(f32x16 a, f32x16 b) { EACH(mask16, vceqq_f32(a.v[i], b.v[i])); }
SIMD mask16 is_nan(f32x16 a) { EACH(mask16, vmvnq_u32(vceqq_f32(a.v[i], a.v[i]))); }
SIMD f32x16 select(mask16 m, f32x16 a, f32x16 b) { EACH(f32x16, vbslq_f32(m.v[i], a.v[i], b.v[i])); }

SIMD u32x16 bits(f32x16 a) { EACH(u32x16, vreinterpretq_u32_f32(a.v[i])); }
SIMD f32x16 floats(u32x16 a) { EACH(f32x16, vreinterpretq_f32_u32(a.v[i])); }
SIMD u32x16 load_u32(const uint32_t* p) { EACH(u32x16, vld1q_u32(p + 4 * i)); }
SIMD u32x16 load_u16(const void* p) { EACH(u32x16, vmovl_u16(four_u16(p, i))); }
SIMD u32x16 load_u8(const void* p) {
  const uint8x16_t bytes = vld1q_u8(static_cast<const uint8_t*>(p));
  const uint16x8_t lo = vmovl_u8(vget_low_u8(bytes)), hi = vmovl_u8(vget_high_u8(bytes));
  return {{vmovl_u16(vget_low_u16(lo)), vmovl_u16(vget_high_u16(lo)), vmovl_u16(vget_low_u16(hi)), vmovl_u16(vget_high_u16(hi))}};
}
SIMD u32x16 splat_u32(uint32_t x) { EACH(u32x16, vdupq_n_u32(x)); }
SIMD u32x16 add_u32(u32x16 a, u32x16 b) { EACH(u32x16, vaddq_u32(a.v[i], b.v[i])); }
SIMD u32x16 and_u32(u32x16 a, u32x16 b) { EACH(u32x16, vandq_u32(a.v[i], b.v[i])); }
SIMD u32x16 or_u32(u32x16 a, u32x16 b) { EACH(u32x16, vorrq_u32(a.v[i], b.v[i])); }
SIMD u32x16 xor_u32(u32x16 a, u32x16 b) { EACH(u32x16, veorq_u32(a.v[i], b.v[i])); }
SIMD mask16 equal_u32(u32x16 a, u32x16 b) { EACH(mask16, vceqq_u32(a.v[i], b.v[i])); }
template <int n>
SIMD u32x16 shift_left(u32x16 a) {
  EACH(u32x16, vshlq_u32(a.v[i], vdupq_n_s32(n)));
}
template <int n>
SIMD u32x16 shift_right(u32x16 a) {
  EACH(u32x16, vshlq_u32(a.v[i], vdupq_n_s32(-n)));
}

// Bytes 1..3 of a masked code look up entry 0, which is 0.
SIMD float32x4_t fp4_quarter(uint32x4_t codes) {
  const uint8x16_t index = vreinterpretq_u8_u32(vandq_u32(codes, vdupq_n_u32(15)));
  const uint32x4_t upper = vshlq_n_u32(vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(e2m1_upper), index)), 24);
  const uint32x4_t lower = vshlq_n_u32(vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(e2m1_lower), index)), 16);
  return vreinterpretq_f32_u32(vorrq_u32(upper, lower));
}
template <int j>
SIMD f32x16 fp4_values(u32x16 words) {
  const u32x16 codes = shift_right<4 * j>(words);
  EACH(f32x16, fp4_quarter(codes.v[i]));
}

#define PARTS
using part = float32x4_t;
constexpr int parts = 4;
SIMD part& part_of(f32x16& a, int i) { return a.v[i]; }
SIMD part fma(part a, part b, part c) { return vfmaq_f32(c, a, b); }
SIMD part splat_part(float x) { return vdupq_n_f32(x); }

struct fp4_pairs {
  uint8x16_t first, second;
};
SIMD fp4_pairs look_up_pairs(uint8x16_t codes) {
  const uint8x16_t lower = vqtbl1q_u8(vld1q_u8(e2m1_lower), codes), upper = vqtbl1q_u8(vld1q_u8(e2m1_upper), codes);
  return {vzip1q_u8(lower, upper), vzip2q_u8(lower, upper)};
}
SIMD uint8x16_t sorted_bytes(u32x16 words, int i) { return vqtbl1q_u8(vreinterpretq_u8_u32(words.v[i]), vld1q_u8(even_bytes_first)); }
SIMD fp4_pairs even_pairs(u32x16 words, int i) { return look_up_pairs(vandq_u8(sorted_bytes(words, i), vdupq_n_u8(15))); }
SIMD fp4_pairs odd_pairs(u32x16 words, int i) { return look_up_pairs(vshrq_n_u8(sorted_bytes(words, i), 4)); }
template <int j>
SIMD part pair_value(fp4_pairs pairs) {
  const uint32x4_t pair = vreinterpretq_u32_u8(j % 2 == 0 ? pairs.first : pairs.second);
  return vreinterpretq_f32_u32(j < 2 ? vshlq_n_u32(pair, 16) : vandq_u32(pair, vdupq_n_u32(0xffff0000u)));
}

#undef EACH

SIMD float reduce_add(f32x16 a) {
  const float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
SIMD float32x4_t larger(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
SIMD float reduce_max(f32x16 a) {
  const float32x4_t four = larger(larger(a.v[0], a.v[2]), larger(a.v[1], a.v[3]));
  const float32x4_t two = larger(four, vextq_f32(four, four, 2));
  return vgetq_lane_f32(larger(two, vextq_f32(two, two, 1)), 0);
}

}  // namespace ISA_NAMESPACE
