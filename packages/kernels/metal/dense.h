// Dense weights as checkpoints store them, row-major [N, K] in float32, half or bfloat16, 8 values of K at a time.
#ifndef METAL_FP4_DENSE_H
#define METAL_FP4_DENSE_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

// Types, as the enumerations of the manifest count them.
constant constexpr uint type_f32 = 0;
constant constexpr uint type_f16 = 1;
constant constexpr uint type_bf16 = 2;

struct Eight {
  float4 low, high;
};

// The two halves of a word: the one in the low bits has the lower address.
inline float2 unpack(uint word, uint type) {
  if (type == type_f16) return float2(as_type<half2>(word));
  return float2(as_type<float>(word << 16), as_type<float>(word & 0xffff0000u));
}

inline float element(device const uchar* weights, uint type, ulong index) {
  if (type == type_f32) return reinterpret_cast<device const float*>(weights)[index];
  if (type == type_f16) return float(reinterpret_cast<device const half*>(weights)[index]);
  return as_type<float>(uint(reinterpret_cast<device const ushort*>(weights)[index]) << 16);
}

// Elements index .. index + 7, those from number `count` on 0. `aligned`: index is a multiple of 8, so that whole vectors may be read
// (the weights start at a multiple of 16 bytes).
inline Eight eight(device const uchar* weights, uint type, ulong index, uint count, bool aligned) {
  Eight values;
  if (aligned && count >= 8u) {
    if (type == type_f32) {
      device const float4* at = reinterpret_cast<device const float4*>(weights) + index / 4u;
      values.low = at[0];
      values.high = at[1];
    } else {
      const uint4 words = reinterpret_cast<device const uint4*>(weights)[index / 8u];
      values.low = float4(unpack(words.x, type), unpack(words.y, type));
      values.high = float4(unpack(words.z, type), unpack(words.w, type));
    }
    return values;
  }
  values.low = float4(count > 0u ? element(weights, type, index) : 0.0f, count > 1u ? element(weights, type, index + 1u) : 0.0f,
                      count > 2u ? element(weights, type, index + 2u) : 0.0f, count > 3u ? element(weights, type, index + 3u) : 0.0f);
  values.high = float4(count > 4u ? element(weights, type, index + 4u) : 0.0f, count > 5u ? element(weights, type, index + 5u) : 0.0f,
                       count > 6u ? element(weights, type, index + 6u) : 0.0f, count > 7u ? element(weights, type, index + 7u) : 0.0f);
  return values;
}

// Activations k .. k + 7 of a row, those from number `count` on 0.
inline Eight eight_activations(device const float* row, ulong k, uint count) {
  Eight values;
  device const float* at = row + k;
  if (count >= 8u) {
    values.low = float4(at[0], at[1], at[2], at[3]);
    values.high = float4(at[4], at[5], at[6], at[7]);
    return values;
  }
  values.low = float4(count > 0u ? at[0] : 0.0f, count > 1u ? at[1] : 0.0f, count > 2u ? at[2] : 0.0f, count > 3u ? at[3] : 0.0f);
  values.high = float4(count > 4u ? at[4] : 0.0f, count > 5u ? at[5] : 0.0f, count > 6u ? at[6] : 0.0f, 0.0f);
  return values;
}

}  // namespace fp4

#endif
