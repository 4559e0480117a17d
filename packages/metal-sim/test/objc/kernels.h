// The Metal source that the cases share: compiled once, and then from the cache.
#pragma once

inline constexpr char kKernels[] = R"(#include <metal_stdlib>
using namespace metal;

constant uint scale [[function_constant(0)]];
constant bool shifted [[function_constant(1)]];

kernel void axpy(device const float* x [[buffer(0)]], device float* y [[buffer(1)]], constant float& a [[buffer(2)]],
                 uint i [[thread_position_in_grid]]) {
  y[i] = a * x[i] + float(scale);
}

kernel void increment(device float* values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  values[i] += 1.0f;
}

kernel void shift(device const float* x [[buffer(0)]], device float* y [[buffer(1)]],
                  constant float& by [[buffer(2), function_constant(shifted)]], uint i [[thread_position_in_grid]]) {
  y[i] = x[i];
  if (shifted) y[i] += by;
}

kernel void total(device const float* x [[buffer(0)]], device float* sums [[buffer(1)]], threadgroup float* partial [[threadgroup(0)]],
                  uint i [[thread_position_in_grid]], uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
  partial[t] = x[i];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (t == 0) {
    float sum = 0;
    for (uint k = 0; k < 32; ++k) sum += partial[k];
    sums[g] = sum;
  }
}

kernel void beyond(device float* values [[buffer(0)]], constant uint& by [[buffer(1)]], uint i [[thread_position_in_grid]]) {
  values[i + by] = 1.0f;
}

kernel void small(device float* values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  values[i] = 2.0f;
}
)";
