// f32x16 as 16 floats, for any processor: the definition of what the other files compute. See simd.h.
namespace ISA_NAMESPACE {

struct f32x16 {
  float v[16];
};
struct u32x16 {
  uint32_t v[16];
};
struct mask16 {
  bool v[16];
};

#define EACH(type, expression)             \
  type r;                                  \
  for (int i = 0; i < 16; i++) r.v[i] = expression; \
  return r

SIMD float as_float(uint32_t x) {
  float y;
  memcpy(&y, &x, sizeof(y));
  return y;
}
SIMD uint32_t as_bits(float x) {
  uint32_t y;
  memcpy(&y, &x, sizeof(y));
  return y;
}

// A half's exponent and mantissa, moved to their places in a float32, are its value times 2^-112, subnormals included.
SIMD float half_to_float(uint16_t h) {
  const uint32_t sign = (h & 0x8000u) << 16;
  const uint32_t magnitude = h & 0x7fffu;
  if (magnitude > 0x7c00u) return as_float(sign | 0x7fc00000u | (magnitude << 13));
  if (magnitude == 0x7c00u) return as_float(sign | 0x7f800000u);
  return as_float(sign | as_bits(as_float(magnitude << 13) * 0x1p112f));
}
SIMD uint16_t float_to_half(float x) {
  const uint32_t all = as_bits(x);
  const uint16_t sign = static_cast<uint16_t>((all >> 16) & 0x8000u);
  const uint32_t magnitude = all & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u; // from 65520 on
  if (magnitude < 0x38800000u) { // subnormal below 2^-14: the addition rounds to units of 2^-24
    return sign | static_cast<uint16_t>(as_bits(as_float(magnitude) + 0.5f) - 0x3f000000u);
  }
  return sign | static_cast<uint16_t>((magnitude + 0xfffu + ((magnitude >> 13) & 1u) - (112u << 23)) >> 13);
}

SIMD f32x16 load(const float* p) { EACH(f32x16, p[i]); }
SIMD void store(float* p, f32x16 a) { memcpy(p, a.v, sizeof(a.v)); }
SIMD f32x16 load_first(const float* p, uint32_t n) {
  f32x16 r = {};
  memcpy(r.v, p, n * sizeof(float));
  return r;
}
SIMD void store_first(float* p, f32x16 a, uint32_t n) { memcpy(p, a.v, n * sizeof(float)); }
SIMD f32x16 splat(float x) { EACH(f32x16, x); }

SIMD f32x16 load_half(const void* p) {
  uint16_t h[16];
  memcpy(h, p, sizeof(h));
  EACH(f32x16, half_to_float(h[i]));
}
SIMD void store_half(void* p, f32x16 a) {
  uint16_t h[16];
  for (int i = 0; i < 16; i++) h[i] = float_to_half(a.v[i]);
  memcpy(p, h, sizeof(h));
}

SIMD f32x16 add(f32x16 a, f32x16 b) { EACH(f32x16, a.v[i] + b.v[i]); }
SIMD f32x16 sub(f32x16 a, f32x16 b) { EACH(f32x16, a.v[i] - b.v[i]); }
SIMD f32x16 mul(f32x16 a, f32x16 b) { EACH(f32x16, a.v[i] * b.v[i]); }
SIMD f32x16 div(f32x16 a, f32x16 b) { EACH(f32x16, a.v[i] / b.v[i]); }
SIMD f32x16 fma(f32x16 a, f32x16 b, f32x16 c) { EACH(f32x16, __builtin_fmaf(a.v[i], b.v[i], c.v[i])); }
SIMD f32x16 sqrt(f32x16 a) { EACH(f32x16, __builtin_sqrtf(a.v[i])); }

SIMD mask16 less(f32x16 a, f32x16 b) { EACH(mask16, a.v[i] < b.v[i]); }
SIMD mask16 less_equal(f32x16 a, f32x16 b) { EACH(mask16, a.v[i] <= b.v[i]); }
SIMD mask16 equal(f32x16 a, f32x16 b) { EACH(mask16, a.v[i] == b.v[i]); }
SIMD mask16 is_nan(f32x16 a) { EACH(mask16, a.v[i] != a.v[i]); }
SIMD f32x16 select(mask16 m, f32x16 a, f32x16 b) { EACH(f32x16, m.v[i] ? a.v[i] : b.v[i]); }

SIMD u32x16 bits(f32x16 a) { EACH(u32x16, as_bits(a.v[i])); }
SIMD f32x16 floats(u32x16 a) { EACH(f32x16, as_float(a.v[i])); }
SIMD u32x16 load_u32(const uint32_t* p) { EACH(u32x16, p[i]); }
SIMD u32x16 load_u16(const void* p) {
  uint16_t h[16];
  memcpy(h, p, sizeof(h));
  EACH(u32x16, h[i]);
}
SIMD u32x16 load_u8(const void* p) {
  const uint8_t* bytes = static_cast<const uint8_t*>(p);
  EACH(u32x16, bytes[i]);
}
SIMD u32x16 splat_u32(uint32_t x) { EACH(u32x16, x); }
SIMD u32x16 add_u32(u32x16 a, u32x16 b) { EACH(u32x16, a.v[i] + b.v[i]); }
SIMD u32x16 and_u32(u32x16 a, u32x16 b) { EACH(u32x16, a.v[i] & b.v[i]); }
SIMD u32x16 or_u32(u32x16 a, u32x16 b) { EACH(u32x16, a.v[i] | b.v[i]); }
SIMD u32x16 xor_u32(u32x16 a, u32x16 b) { EACH(u32x16, a.v[i] ^ b.v[i]); }
SIMD mask16 equal_u32(u32x16 a, u32x16 b) { EACH(mask16, a.v[i] == b.v[i]); }
template <int n>
SIMD u32x16 shift_left(u32x16 a) {
  EACH(u32x16, a.v[i] << n);
}
template <int n>
SIMD u32x16 shift_right(u32x16 a) {
  EACH(u32x16, a.v[i] >> n);
}

static const float e2m1[16] = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                               -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};
template <int j>
SIMD f32x16 fp4_values(u32x16 words) {
  EACH(f32x16, e2m1[(words.v[i] >> (4 * j)) & 15]);
}

SIMD float reduce_add(f32x16 a) {
  for (int step = 8; step > 0; step /= 2) {
    for (int i = 0; i < step; i++) a.v[i] = a.v[i] + a.v[i + step];
  }
  return a.v[0];
}
SIMD float reduce_max(f32x16 a) {
  for (int step = 8; step > 0; step /= 2) {
    for (int i = 0; i < step; i++) a.v[i] = a.v[i] > a.v[i + step] ? a.v[i] : a.v[i + step];
  }
  return a.v[0];
}

#undef EACH

}  // namespace ISA_NAMESPACE
