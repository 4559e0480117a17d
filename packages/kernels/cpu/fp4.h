// The scales of the FP4 formats, 16 at a time.
#ifndef METAL_FP4_FP4_H
#define METAL_FP4_FP4_H

#include "params.h"
#include "simd.h"

namespace ISA_NAMESPACE {

using Format = gemv_fp4_format;

constexpr uint32_t scale_bytes(Format format) { return format == Format::fp4 ? 2 : 1; }

// 2^(e - 127); 0 gives the subnormal 2^-127, 255 NaN (OCP MX v1.0).
SIMD f32x16 e8m0_values(u32x16 codes) {
  const f32x16 powers = floats(shift_left<23>(codes));
  const f32x16 finite = select(equal_u32(codes, splat_u32(0)), floats(splat_u32(0x00400000u)), powers);
  return select(equal_u32(codes, splat_u32(255)), floats(splat_u32(0x7fc00000u)), finite);
}

// Exponent and mantissa, moved to their places in a float32, are the value times 2^-120, subnormals included; 0x7f is NaN.
SIMD f32x16 e4m3_values(u32x16 codes) {
  const u32x16 magnitude = and_u32(codes, splat_u32(0x7f));
  const f32x16 values = mul(floats(shift_left<20>(magnitude)), splat(0x1p120f));
  const f32x16 checked = select(equal_u32(magnitude, splat_u32(0x7f)), floats(splat_u32(0x7fc00000u)), values);
  return floats(or_u32(bits(checked), shift_left<24>(and_u32(codes, splat_u32(0x80)))));
}

// The 16 scales from number `index` on.
template <Format format>
SIMD f32x16 load_scales(const void* scales, uint64_t index) {
  const uint8_t* at = static_cast<const uint8_t*>(scales) + index * scale_bytes(format);
  if constexpr (format == Format::fp4) return load_half(at);
  if constexpr (format == Format::mxfp4) return e8m0_values(load_u8(at));
  if constexpr (format == Format::nvfp4) return e4m3_values(load_u8(at));
}

}  // namespace ISA_NAMESPACE

#endif
