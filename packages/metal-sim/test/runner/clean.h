// Kernels that the runner must not complain about.
#ifndef CLEAN_H
#define CLEAN_H

#include "fixture.h"

typedef float float3 __attribute__((ext_vector_type(3)));

static uint32_t constant0;
static bool constant0_defined;
static uint32_t derived;

// out[i] = in[i] + n.
static void add(void* const* a) {
  const uint32_t i = position();
  at<float>(a, 1)[i] = at<float>(a, 0)[i] + float(*at<uint32_t>(a, 2));
}

// out[group] = sum of the group's elements, through simdgroups and threadgroup memory.
static void group_sum(void* const* a) {
  THREADGROUP(float, partial, 32);
  const sim_thread* t = sim_current();
  const float sum = simd_sum(at<float>(a, 0)[position()]);
  if (t->lane == 0) partial[t->simdgroup_index] = sum;
  threadgroup_barrier(mem_threadgroup);
  const float rest = simd_sum(t->lane < t->simdgroups ? partial[t->lane] : 0.0f);
  if (t->index_in_threadgroup == 0) at<float>(a, 1)[group_position()] = rest;
}

// neighbours swap through threadgroup memory given by the host, bytes and vectors of three besides.
static void exchange(void* const* a) {
  float* shared = at<float>(a, 2);
  THREADGROUP(uint8_t, bytes, 256);
  THREADGROUP(float3, vectors, 256);
  const uint32_t i = thread_index(), n = sim_current()->threadgroup_size[0];
  shared[i] = at<float>(a, 0)[position()];
  bytes[i] = uint8_t(i);
  float3 v = {float(i), 1, 2};
  vectors[i] = v;
  threadgroup_barrier(mem_threadgroup);
  const uint32_t other = n - 1 - i;
  at<float>(a, 1)[position()] = shared[other] + float(bytes[other]) - vectors[other].x;
}

// atomics of all threadgroups.
static void count_atomically(void* const* a) { atomic_add(at<uint32_t>(a, 0), 1); }

// a simdgroup's own barrier is enough for its own exchange.
static void simd_exchange(void* const* a) {
  THREADGROUP(float, shared, 1024);
  const uint32_t i = thread_index();
  shared[i] = float(i);
  simdgroup_barrier(mem_threadgroup);
  at<float>(a, 1)[position()] = shared[i ^ 1];
}

// lanes of one half pass a sum that the others do not; then all meet again.
// The function that waits stands before both of its callers, so only the order of the calls tells which comes first.
__attribute__((noinline)) static float sum_in_function(float x) { return simd_sum(x); }
static void divergent_sum(void* const* a) {
  float x = 1;
  if (thread_index() % 2 == 0) {
    x = sum_in_function(1) * 100;
  } else if (thread_index() % 4 == 1) {
    x = simd_sum(2.0f);
  }
  at<float>(a, 1)[position()] = sum_in_function(x);
}

// lanes leave a loop of sums at different times, and meet after it.
static void divergent_loop(void* const* a) {
  float x = 0;
  for (uint32_t i = 0; i < 1 + thread_index() % 4; ++i) x += simd_sum(1.0f);
  at<float>(a, 1)[position()] = x * 1000 + simd_sum(1.0f);
}

// Writes what it is told of itself.
static void positions(void* const* a) {
  const sim_thread* t = sim_current();
  uint32_t* out = at<uint32_t>(a, 1) + 8 * (t->position[0] + t->threads[0] * (t->position[1] + t->threads[1] * t->position[2]));
  out[0] = t->threadgroup_position[0] | t->threadgroup_position[1] << 8 | t->threadgroup_position[2] << 16;
  out[1] = t->position_in_threadgroup[0] | t->position_in_threadgroup[1] << 8 | t->position_in_threadgroup[2] << 16;
  out[2] = t->threadgroup_size[0] | t->threadgroup_size[1] << 8 | t->threadgroup_size[2] << 16;
  out[3] = t->dispatch_threadgroup_size[0];
  out[4] = t->threadgroups[0] | t->threadgroups[1] << 8 | t->threadgroups[2] << 16;
  out[5] = t->index_in_threadgroup | t->lane << 8 | t->simdgroup_index << 16 | t->simdgroups << 24;
  out[6] = constant0 + (constant0_defined ? 1000 : 0);
  out[7] = derived;
}

static void counted(void* const* a) {
  const float x = at<float>(a, 0)[0], y = at<float>(a, 0)[position()];
  sim_count_multiply_add(1, x != 0 && y != 0);
  at<float>(a, 1)[position()] = x * y;
}
static void stepping(void* const* a) { at<float>(a, 1)[position()] = at<float>(a, 1)[position()] + 1; }

static bool only_when_one() { return constant0 == 1; }
static void optional(void* const* a) { at<float>(a, 1)[position()] = a[0] == nullptr ? -1.0f : at<float>(a, 0)[position()]; }

#endif
