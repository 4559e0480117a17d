// 16 float32 lanes on every processor: f32x16, u32x16 and mask16, and free functions over them. An operation gives the same bits
// on every instruction set (a NaN's payload and sign aside), so kernels written with these alone do too.
//
//   load, load_first (lanes from n on are 0), store, store_first, splat, zero           float32 memory
//   load_half, load_bf16 (+ _first), store_half (+ _first)                              16-bit memory, any alignment
//   add, sub, mul, div, fma (a * b + c, rounded once), sqrt, neg, abs                   IEEE 754, nearest even
//   max, min                        a > b ? a : b and a < b ? a : b, so b where either is NaN
//   less, less_equal, equal, is_nan -> mask16; select(mask, a, b)
//   bits, floats                    reinterpret; load_u32, splat_u32, load_u8, add_u32, and_u32, or_u32, xor_u32, equal_u32,
//                                   shift_left<n>, shift_right<n>
//   fp4_values<i>                   E2M1 values of code i (bits 4i..4i+3) of 16 words
//   part, part_of, even_pairs, ...  only where 16 lanes are several registers (PARTS is defined): see fp4_parts.h
//   reduce_add, reduce_max          over the lanes: i with i + 8, then + 4, + 2, + 1
#ifndef METAL_FP4_SIMD_H
#define METAL_FP4_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(ISA_AVX512VNNI)
#define ISA_AVX512 1
#endif
#if defined(ISA_NEONDOT)
#define ISA_NEON 1
#endif

// SIMD declares a function that is always inlined: its arguments are registers. UNROLL(8) before a loop of at most 8 rounds keeps
// the registers it indexes in registers; lanes that are themselves a loop would be unrolled with it, to no end. Neither is done
// under sanitizers, whose checks would be multiplied with the code.
#if defined(SANITIZED)
#define SIMD static inline __attribute__((unused))
#define SIMD_MEMBER inline
#else
#define SIMD static inline __attribute__((always_inline, unused))
#define SIMD_MEMBER inline __attribute__((always_inline))
#endif
#if !defined(SANITIZED) && (defined(ISA_AVX512) || defined(ISA_AVX2) || defined(ISA_NEON))
#define UNROLL_TEXT(text) _Pragma(#text)
#define UNROLL(rounds) UNROLL_TEXT(GCC unroll rounds)
#else
#define UNROLL(rounds)
#endif

namespace ISA_NAMESPACE {

// Only the upper two bytes of an E2M1 value as float32 are not 0: byte 3 and byte 2 of each code.
alignas(16) constexpr uint8_t e2m1_upper[16] = {0x00, 0x3f, 0x3f, 0x3f, 0x40, 0x40, 0x40, 0x40, 0x80, 0xbf, 0xbf, 0xbf, 0xc0, 0xc0, 0xc0, 0xc0};
alignas(16) constexpr uint8_t e2m1_lower[16] = {0x00, 0x00, 0x80, 0xc0, 0x00, 0x40, 0x80, 0xc0, 0x00, 0x00, 0x80, 0xc0, 0x00, 0x40, 0x80, 0xc0};
// Of the bytes of 4 words 0 and 2 of each, then 1 and 3.
alignas(16) constexpr uint8_t even_bytes_first[16] = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15};

}  // namespace ISA_NAMESPACE

#if defined(ISA_AVX512)  // also with VNNI
#include "simd_avx512.h"
#elif defined(ISA_AVX2)
#include "simd_avx2.h"
#elif defined(ISA_NEON)  // also with dot products
#include "simd_neon.h"
#else
#include "simd_plain.h"
#endif

namespace ISA_NAMESPACE {

constexpr uint32_t lanes = 16;

SIMD f32x16 zero() { return splat(0.0f); }
SIMD f32x16 neg(f32x16 a) { return floats(xor_u32(bits(a), splat_u32(0x80000000u))); }
SIMD f32x16 abs(f32x16 a) { return floats(and_u32(bits(a), splat_u32(0x7fffffffu))); }
SIMD f32x16 max(f32x16 a, f32x16 b) { return select(less(b, a), a, b); }
SIMD f32x16 min(f32x16 a, f32x16 b) { return select(less(a, b), a, b); }

SIMD f32x16 load_bf16(const void* p) { return floats(shift_left<16>(load_u16(p))); }

// The first n lanes (n <= 16) from memory, the others 0; nothing beyond is read.
SIMD f32x16 load_half_first(const void* p, uint32_t n) {
  uint16_t copy[lanes] = {};
  memcpy(copy, p, n * sizeof(uint16_t));
  return load_half(copy);
}
SIMD f32x16 load_bf16_first(const void* p, uint32_t n) {
  uint16_t copy[lanes] = {};
  memcpy(copy, p, n * sizeof(uint16_t));
  return load_bf16(copy);
}
SIMD void store_half_first(void* p, f32x16 a, uint32_t n) {
  uint16_t copy[lanes];
  store_half(copy, a);
  memcpy(p, copy, n * sizeof(uint16_t));
}
SIMD u32x16 load_u32_first(const uint32_t* p, uint32_t n) {
  uint32_t copy[lanes] = {};
  memcpy(copy, p, n * sizeof(uint32_t));
  return load_u32(copy);
}

}  // namespace ISA_NAMESPACE

#endif
