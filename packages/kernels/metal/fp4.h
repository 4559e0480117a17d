// E2M1 codes and the scales of the three formats.
#ifndef METAL_FP4_FP4_H
#define METAL_FP4_FP4_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

// Exponent and mantissa of a code, moved to their places in a half, are its value times 2^-14; the sign goes to bit 15. So codes come out
// of a word by shifts and masks, and what was summed is multiplied by 2^14 afterwards, in float32. Code 1 is a subnormal half: Apple
// GPUs keep those when they convert them to float32 (they flush those of float32), and nothing else is done with the halves.
constant constexpr float code_unit = 16384.0f;

// The value of a code (its lowest 4 bits).
inline float value(uint code) {
  const ushort bits = ushort(((code & 7u) << 9) | ((code & 8u) << 12));
  return float(as_type<half>(bits)) * code_unit;
}

// The eight values of a word / 2^14: pair p is (code p, code p + 4).
// In the bytes of `even` and `odd`, a code's magnitude is in bits 1..3; adding 0x70 carries its sign from bit 4 to bit 7.
inline void decode(uint word, thread half2 (&pairs)[4]) {
  const uint even = ((word << 1) & 0x1e1e1e1eu) + 0x70707070u;
  const uint odd = ((word >> 3) & 0x1e1e1e1eu) + 0x70707070u;
  pairs[0] = as_type<half2>((even << 8) & 0x8e008e00u);
  pairs[1] = as_type<half2>((odd << 8) & 0x8e008e00u);
  pairs[2] = as_type<half2>(even & 0x8e008e00u);
  pairs[3] = as_type<half2>(odd & 0x8e008e00u);
}

// Formats, as the enumerations of the manifest count them.
constant constexpr uint format_fp4 = 0;
constant constexpr uint format_mxfp4 = 1;
constant constexpr uint format_nvfp4 = 2;

// 2^(code - 127); 255 NaN (OCP MX v1.0). Code 0 is the subnormal 2^-127, which a GPU may take for 0.
inline float e8m0(uint code) {
  return as_type<float>(code == 0u ? 0x00400000u : code == 255u ? 0x7fc00000u : code << 23);
}

// Exponent and mantissa of a normal number move to their places in a float32. Subnormals are multiplied out, since a GPU may take
// a subnormal operand for 0. 0x7f is NaN.
inline float e4m3(uint code) {
  const uint magnitude = code & 0x7fu;
  const float normal = as_type<float>((magnitude << 20) + (120u << 23));
  const float finite = magnitude < 8u ? float(magnitude) * 0.001953125f : normal;  // 2^-9
  const uint bits = magnitude == 0x7fu ? 0x7fc00000u : as_type<uint>(finite);
  return as_type<float>(bits | ((code & 0x80u) << 24));
}

inline uint scale_bytes(uint format) { return format == format_fp4 ? 2u : 1u; }

// Scale number `index`.
inline float scale(device const uchar* scales, uint format, ulong index) {
  if (format == format_fp4) return float(reinterpret_cast<device const half*>(scales)[index]);
  const uint code = scales[index];
  return format == format_mxfp4 ? e8m0(code) : e4m3(code);
}

// The four scales from number `index` on, a multiple of 4.
inline float4 scales4(device const uchar* scales, uint format, ulong index) {
  if (format == format_fp4) return float4(reinterpret_cast<device const half4*>(scales)[index / 4u]);
  const uchar4 codes = reinterpret_cast<device const uchar4*>(scales)[index / 4u];
  if (format == format_mxfp4) return float4(e8m0(codes.x), e8m0(codes.y), e8m0(codes.z), e8m0(codes.w));
  return float4(e4m3(codes.x), e4m3(codes.y), e4m3(codes.z), e4m3(codes.w));
}

}  // namespace fp4

#endif
