// What the compiler has to read rightly: each kernel writes what the test beside it expects.
#include <metal_stdlib>
using namespace metal;

constant uint flag [[function_constant(0)]];
constant float scale [[function_constant(1)]];
constant bool doubled = flag == 2;
constant float factor = doubled ? scale * 2.0 : scale;
constant bool has_extra = flag > 0;

constant constexpr uint table[4] = {1, 2, 4, 8};

struct pair {
  float first;
  int second[2];
  float sum() const thread { return first + second[0] + second[1]; }
  float sum() const device { return first + second[0] + second[1]; }
};

namespace inner {
template <typename T, int n>
T total(vec<T, n> v) {
  T sum = 0;
  for (int i = 0; i < n; i++) sum += v[i];
  return sum;
}
}  // namespace inner

kernel void constructors(device float* out [[buffer(0)]]) {
  const float2 two = float2(1, 2);
  const float4 four(two, 3.0, 4);
  const uint3 whole = uint3(float3(1.9, 2.9, 3.9));
  const half4 small = half4(four * 0.5);
  const float4 mask = float4(four > float4(2.0));
  const int4 cast = (int4)four * 2;
  float4 swizzled = four.wzyx;
  swizzled.xy = two.yx;
  swizzled.zw += 1;
  const bool4 above = four >= float4(2);
  const float3 braces = float3{1, 2, 3};
  const float4 results[] = {four, float4(float3(whole), 0), float4(small), mask, float4(cast), swizzled, float4(above), float4(braces, 7)};
  for (uint i = 0; i < 8; i++)
    for (uint j = 0; j < 4; j++) out[i * 4 + j] = results[i][j];
}

kernel void literals(device float* out [[buffer(0)]]) {
  // A float in Metal: 0.1 as a double would not be equal.
  const float tenth = 0.1f;
  out[0] = tenth * 3.0 == 0.1f * 3.0f ? 1.0 : 0.0;
  out[1] = sizeof(1.0);
  out[2] = sizeof(1.0h);
  out[3] = 1.5h + half(0.25);
  out[4] = float(as_type<half>(ushort(0x3c00)));
  out[5] = as_type<uint>(1.0f) == 0x3f800000;
}

// Half arithmetic rounds after every operation, bfloat too.
kernel void narrow(device float* out [[buffer(0)]], device const half* h [[buffer(1)]], device const bfloat* b [[buffer(2)]]) {
  const half p = h[0] * h[1] + h[2];
  out[0] = float(p);
  out[1] = float(bfloat(float(b[0]) + 0.001f));
  out[2] = float(half4(h[0], h[1], h[2], h[2]).y);
  out[3] = float(b[0] * b[1]);
}

kernel void structs(device pair* p [[buffer(0)]], constant pair& one [[buffer(1)]], device float* out [[buffer(2)]],
                    uint i [[thread_position_in_grid]]) {
  threadgroup pair shared[2], single;
  pair mine = p[i];
  mine.second[1] = one.second[0];
  shared[i] = mine;
  if (i == 0) single = one;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  p[i] = shared[1 - i];
  const pair copied = single;
  out[i] = mine.sum() + p[i].sum() + copied.first;
}

kernel void specialized(device float* out [[buffer(0)]], device const float* extra [[buffer(1), function_constant(has_extra)]]) {
  out[0] = factor;
  out[1] = is_function_constant_defined(scale) ? 1 : 0;
  if (has_extra) out[2] = extra[0];
  out[3] = table[flag & 3];
}

template <typename T, uint n>
[[host_name("unused")]] [[kernel]] void generic(device T* out [[buffer(0)]], constant uint& value [[buffer(1)]],
                                                uint3 at [[thread_position_in_grid]], uint3 size [[threads_per_grid]]) {
  threadgroup T shared[n];
  if (at.x < n) shared[at.x] = T(value) / T(2);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (at.x < n) out[at.x] = shared[n - 1 - at.x] + T(inner::total(vec<T, 2>(T(1), T(size.x))));
}
typedef decltype(generic<float, 4>) generic_t;
template [[host_name("generic_" "float")]] kernel generic_t generic<float, 4>;
template [[host_name("generic_int")]] [[kernel]] void generic<int, 2>(device int* out, constant uint& value, uint3 at, uint3 size);

METAL_FUNC float from_array(constant const float values[2]) { return values[0] + values[1]; }

kernel void implicit(constant float* values, device float* out, uint2 at [[thread_position_in_threadgroup]],
                     ushort index [[thread_index_in_threadgroup]], uint2 group [[threadgroup_position_in_grid]]) {
  out[group.x * 4 + index] = from_array(values) + at.x * 10 + at.y * 100;
}

struct varying {
  float4 position [[position]];
};
vertex varying not_compute(device const float4* p [[buffer(0)]], uint i [[vertex_id]]) {
  varying v;
  v.position = p[i];
  return v;
}

struct small {
  float x, y;
};
static small operator+(small a, small b) { return {a.x + b.x, a.y + b.y}; }
template <typename T>
T choose(const device T* p, const threadgroup T* q, bool first) {
  return first ? p[0] : q[0];
}
METAL_FUNC float2 ordered(float2 v, bool swap) { return swap ? v.yx : v; }

kernel void mixed(device small* p [[buffer(0)]], device float* out [[buffer(1)]]) {
  threadgroup small shared[2];
  shared[0] = p[0] + p[1];
  const small mine = out[0] > 0 ? p[1] : shared[0];
  const small other = out[0] > 0 ? shared[0] : p[1];
  device small& alias = p[1];
  alias.y += 1;
  out[0] = mine.x;
  out[1] = other.y;
  out[2] = choose(p, shared, false).x;
  out[3] = ordered({5, 6}, true).x;
  float list[] = {1, 2, 3};
  for (float e : list) out[4] += e;
  float4 v(1, 2, 3, 4);
  v = -(float4)(int4(v)) + (float)v.x;
  out[5] = v.w;
  out[6] = (vec<float, 2>(half2(1.5h)) * 2).y;
  out[7] = ((uint2)float2(3.7, 2)).x;
}
