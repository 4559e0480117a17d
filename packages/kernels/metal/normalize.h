// The norm of rms_norm and add_rms_norm.
#ifndef METAL_FP4_NORMALIZE_H
#define METAL_FP4_NORMALIZE_H

#include <metal_stdlib>
using namespace metal;

#include "reduce.h"

namespace fp4 {

// Threads that share a row: thread t has elements t, t + 512, ..., in every pass over the row, so that it reads only what it wrote.
constant constexpr uint norm_threads = 512;

// 1 / sqrt(mean(x^2) + epsilon), where `squares` sums a thread's own elements.
inline float inverse_rms(float squares, uint k, float epsilon, threadgroup float* sums, uint simdgroup, uint lane) {
  const float total = threadgroup_sum(squares, sums, simdgroup, norm_threads / simdgroup_lanes, lane);
  return 1.0f / sqrt(total / float(k) + epsilon);
}

}  // namespace fp4

#endif
