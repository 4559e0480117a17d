// The standard library: each kernel writes what the test beside it computes another way.
#include <metal_stdlib>
using namespace metal;

// Rows of `out`, one for each function.
kernel void unary(device const float* x [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]],
                  uint n [[threads_per_grid]]) {
  const float v = x[i];
  const float results[] = {exp(v), sin(v), precise::cos(v), fast::tanh(v), atan(v), exp2(v), log(abs(v)), sqrt(fabs(v)),
                           rsqrt(abs(v)), floor(v), ceil(v), round(v), rint(v), trunc(v), fract(v), sign(v), saturate(v), log2(fabs(v))};
  for (uint r = 0; r < 18; r++) out[r * n + i] = results[r];
}

kernel void floats(device float* out [[buffer(0)]]) {
  const float4 a = float4(1, -2, 3, NAN);
  out[0] = fma(1.0f + 0x1p-12f, 1.0f + 0x1p-12f, -1.0f);
  out[1] = clamp(a, 0.0f, 2.0f).z;
  out[2] = max(a, 0.5f).w;
  out[3] = min(2.0f, 1.0f) + max3(1.0f, 5.0f, 2.0f) + median3(3.0f, 1.0f, 2.0f);
  out[4] = mix(a.xy, float2(3, 4), 0.5f).y;
  out[5] = step(1.0f, 2.0f) + smoothstep(0.0f, 1.0f, 0.5f);
  out[6] = dot(a.xyz, float3(1, 1, 1)) + length(float2(3, 4));
  out[7] = cross(float3(1, 0, 0), float3(0, 1, 0)).z + normalize(float3(0, 5, 0)).y;
  out[8] = any(isnan(a)) && !all(isnan(a)) && isfinite(a.x) ? 1 : 0;
  out[9] = select(a, float4(9), a < 0.0f).y + select(1.0f, 2.0f, true);
  float whole, cosine;
  int exponent;
  out[10] = modf(2.75f, whole) + whole;
  out[11] = frexp(12.0f, exponent) * 100 + exponent;
  out[12] = ldexp(1.5f, 4) + sincos(0.0f, cosine) + cosine;
  out[13] = pow(2.0f, 10.0f) + atan2(0.0f, 1.0f) + fmod(7.0f, 4.0f);
  out[14] = float(exp(half(1))) + float(numeric_limits<half>::max()) + numeric_limits<float>::infinity();
  out[15] = float(bfloat(3.0f) * bfloat(2.0f)) + float(max(bfloat(1.0f), bfloat(2.0f)));
}

kernel void integers(device uint* out [[buffer(0)]]) {
  out[0] = popcount(0xf0f0u) + clz(1u) + ctz(8u) + clz(ushort(1)) + clz(0u);
  out[1] = reverse_bits(1u);
  out[2] = mulhi(0x80000000u, 6u) + uint(mulhi(-1, 1));
  out[3] = rotate(0x80000001u, 4u);
  out[4] = extract_bits(0xabcdu, 4u, 8u) + uint(extract_bits(-16, 4u, 4u));
  out[5] = insert_bits(0xffffu, 0u, 4u, 8u);
  out[6] = addsat(0xfffffff0u, 100u) + subsat(3u, 5u);
  out[7] = uint(addsat(2147483600, 100)) + absdiff(3, -5);
  out[8] = uint(hadd(7, 8)) + uint(rhadd(7, 8)) * 16 + mad24(3u, 5u, 1u) * 256;
  out[9] = abs(int4(-1, 2, -3, 4)).z + max(uint2(1, 7), 5u).x + uint(clamp(-5, 0, 3));
  out[10] = as_type<uint>(uchar4(1, 2, 3, 4));
  out[11] = uint(min(short(3), short(-1)) + 10);
}

kernel void simd(device uint* out [[buffer(0)]], uint lane [[thread_index_in_simdgroup]], uint i [[thread_position_in_grid]]) {
  const uint value = lane + 1;
  uint at = i;
  const uint stride = 64;
  out[at] = simd_sum(value), at += stride;
  out[at] = simd_max(value) + simd_min(value) * 1000, at += stride;
  out[at] = simd_prefix_inclusive_sum(value), at += stride;
  out[at] = simd_prefix_exclusive_sum(value), at += stride;
  out[at] = simd_shuffle(value, 5), at += stride;
  out[at] = simd_shuffle_xor(value, 3), at += stride;
  out[at] = simd_shuffle_down(value, 4), at += stride;
  out[at] = simd_shuffle_up(value, 4), at += stride;
  out[at] = simd_broadcast_first(value) + simd_broadcast(value, 31) * 100, at += stride;
  out[at] = uint(ulong(simd_ballot(lane % 2 == 0))), at += stride;
  out[at] = quad_sum(value), at += stride;
  out[at] = simd_shuffle_and_fill_down(value, value + 100, 4), at += stride;
  out[at] = simd_and(value | 64) + simd_or(value) + simd_xor(value), at += stride;
  // Only some lanes: the others' values are no part of it.
  if (lane < 10) out[at] = simd_sum(value) + (simd_is_first() ? 1000 : 0);
  else out[at] = simd_sum(1u);
  at += stride;
  out[at] = simd_all(lane < 32) + 2 * simd_any(lane == 9) + 4 * simd_all(lane < 31), at += stride;
  out[at] = uint(simd_sum(float2(value, 1)).x) + uint(float(simd_product(half(lane == 0 ? 3 : 1))) * 10000), at += stride;
}

// c = a b + c, all 8x8, and thread_elements of c as rows.
kernel void matrices(device const half* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* c [[buffer(2)]],
                     device float* elements [[buffer(3)]], uint lane [[thread_index_in_simdgroup]]) {
  threadgroup half staged[64];
  staged[lane * 2] = a[lane * 2];
  staged[lane * 2 + 1] = a[lane * 2 + 1];
  simdgroup_barrier(mem_flags::mem_threadgroup);
  simdgroup_half8x8 left;
  simdgroup_float8x8 right, sum = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  simdgroup_load(left, staged, 8, ulong2(0, 0), true);
  simdgroup_load(right, b, 8);
  simdgroup_load(sum, c, 8);
  simdgroup_multiply_accumulate(sum, left, right, sum);
  simdgroup_store(sum, c, 8);
  const uint quad = lane / 4;
  const uint row = (quad & 4) + (lane / 2) % 4, column = (quad & 2) * 2 + (lane % 2) * 2;
  elements[row * 8 + column] = sum.thread_elements()[0];
  elements[row * 8 + column + 1] = sum.thread_elements()[1];
}

kernel void atomics(device atomic_uint* count [[buffer(0)]], device atomic_int* low [[buffer(1)]], device atomic_float* sum [[buffer(2)]],
                    device uint* out [[buffer(3)]], uint i [[thread_position_in_grid]], uint index [[thread_index_in_threadgroup]]) {
  threadgroup atomic_uint local;
  if (index == 0) atomic_store_explicit(&local, 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  atomic_fetch_add_explicit(&local, 1u, memory_order_relaxed);
  atomic_fetch_min_explicit(low, -int(i), memory_order_relaxed);
  atomic_fetch_add_explicit(sum, 0.5f, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (index != 0) return;
  uint expected = 0;
  const uint mine = atomic_load_explicit(&local, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(count, &expected, expected + mine, memory_order_relaxed, memory_order_relaxed)) {
  }
  out[i / 32] = mine;
}

kernel void shapes(device float* out [[buffer(0)]], device packed_float3* p [[buffer(1)]], constant float4x4& m [[buffer(2)]]) {
  p[1] = p[0] * 2.0f;
  p[0] += float3(1, 1, 1);
  out[0] = float3(p[1]).z + p[0].x;
  const float4 v = m * float4(1, 2, 3, 4);
  out[1] = v.y;
  out[2] = (transpose(m) * m)[1][2];
  array<float, 3> list = {1, 2, 3};
  list[1] = 5;
  out[3] = list[1] + list.size();
  out[4] = float2x2(1, 2, 3, 4)[1].x + determinant(float2x2(1, 2, 3, 4));
  out[5] = sizeof(float3) * 10 + sizeof(packed_float3);
}

kernel void packing(device float* out [[buffer(0)]], device uint* words [[buffer(1)]], uint lane [[thread_index_in_simdgroup]]) {
  const uint quad = uint(ulong(quad_ballot(lane % 4 > 1)));
  const uint first = quad_broadcast_first(lane) + (quad_is_first() ? 100 : 0);
  words[lane] = first * 16 + quad;
  if (lane != 0) return;
  words[32] = pack_float_to_unorm4x8(float4(0, 1, 0.5, 2));
  words[33] = pack_half_to_snorm2x16(half2(-1, 1));
  const float4 v = unpack_unorm4x8_to_float(0xff330000u);
  const float2 s = unpack_snorm2x16_to_float(0x80007fffu);
  const float2 bent = refract(float2(0, -1), float2(0, 1), 0.5f);
  const float results[] = {v.z, v.w, s.x, s.y, bent.y, divide(1.0f, 4.0f)};
  for (uint i = 0; i < 6; i++) out[i] = results[i];
}
