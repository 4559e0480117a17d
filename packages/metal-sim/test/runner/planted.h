// One kernel for each thing that the runner has to find. Each says `// HERE` where its report has to point.
#ifndef PLANTED_H
#define PLANTED_H

#include "fixture.h"

typedef float float4 __attribute__((ext_vector_type(4)));

static float table[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void reads_beyond(void* const* a) {
  at<float>(a, 1)[position()] = at<float>(a, 0)[position() + 1];  // HERE reads_beyond
}
static void writes_beyond(void* const* a) {
  at<float>(a, 1)[position() * 2] = 1;  // HERE writes_beyond
}
static void reads_null(void* const* a) {
  at<float>(a, 1)[position()] = *at<float>(a, 3);  // HERE reads_null
}
static void leaves_variable(void* const* a) {
  THREADGROUP(float, shared, 8);
  shared[thread_index()] = 1;  // HERE leaves_variable
  at<float>(a, 1)[position()] = 2;
}
static void leaves_array(void* const* a) {
  float local[4] = {1, 2, 3, 4};
  float* p = local;
  asm volatile("" : "+r"(p));
  at<float>(a, 1)[position()] = p[position() % 4 + 4];  // HERE leaves_array
}
static void leaves_table(void* const* a) {
  float* p = table;
  asm volatile("" : "+r"(p));
  at<float>(a, 1)[position()] = p[position() + 8];  // HERE leaves_table
}
static void writes_constant(void* const* a) {
  *at<uint32_t>(a, 2) = 1;  // HERE writes_constant
}
static void misaligned(void* const* a) {
  float4 v = *reinterpret_cast<float4*>(at<float>(a, 0) + 1);  // HERE misaligned
  at<float>(a, 1)[position()] = v.x;
}
static void reads_unwritten(void* const* a) {
  THREADGROUP(float, shared, 64);
  if (thread_index() != 3) shared[thread_index()] = 1;
  threadgroup_barrier(mem_threadgroup);
  at<float>(a, 1)[position()] = shared[thread_index()];  // HERE reads_unwritten
}
static void no_barrier(void* const* a) {
  THREADGROUP(float, shared, 64);
  shared[thread_index()] = 1;  // HERE no_barrier
  at<float>(a, 1)[position()] = shared[thread_index() ^ 32];  // HERE no_barrier
}
static void wrong_flag(void* const* a) {
  float* out = at<float>(a, 1);
  out[thread_index()] = 1;  // HERE wrong_flag
  threadgroup_barrier(mem_threadgroup);
  out[64 + thread_index()] = out[thread_index() ^ 32];  // HERE wrong_flag
}
static void simd_barrier_only(void* const* a) {
  THREADGROUP(float, shared, 64);
  shared[thread_index()] = 1;  // HERE simd_barrier_only
  simdgroup_barrier(mem_threadgroup);
  at<float>(a, 1)[position()] = shared[thread_index() ^ 32];  // HERE simd_barrier_only
}
static void overwrites_too_early(void* const* a) {
  THREADGROUP(float, shared, 64);
  shared[thread_index()] = 1;
  threadgroup_barrier(mem_threadgroup);
  const float x = shared[thread_index() ^ 32];  // HERE overwrites_too_early
  shared[thread_index()] = x;  // HERE overwrites_too_early
  at<float>(a, 1)[position()] = x;
}
static void groups_collide(void* const* a) {
  at<float>(a, 1)[thread_index()] = float(group_position());  // HERE groups_collide
}
static void bytes_collide(void* const* a) {
  at<uint8_t>(a, 1)[thread_index() / 2] = 1;  // HERE bytes_collide
}
static void atomic_and_plain(void* const* a) {
  if (thread_index() == 0) {
    at<uint32_t>(a, 1)[0] = 5;  // HERE atomic_and_plain
  } else {
    atomic_add(at<uint32_t>(a, 1), 1);  // HERE atomic_and_plain
  }
}
static void some_leave(void* const* a) {
  if (thread_index() == 5) return;
  threadgroup_barrier(mem_device);  // HERE some_leave
  at<float>(a, 1)[position()] = 1;
}
static void two_barriers(void* const* a) {
  if (thread_index() < 32) {
    threadgroup_barrier(mem_device);  // HERE two_barriers
    at<float>(a, 1)[position()] = 1;
  } else {
    threadgroup_barrier(mem_device);  // HERE two_barriers
    at<float>(a, 1)[position()] = 2;
  }
}
static void overflows(void* const* a) {
  int x = 2147483647;
  x += at<int>(a, 0)[0];  // HERE overflows
  at<int>(a, 1)[position()] = x;
}
static void never_ends(void* const* a) {
  volatile uint32_t* p = at<uint32_t>(a, 1);
  while (p[0] != 77) {  // HERE never_ends
  }
}
static void divides(void* const* a) {
  const int x = 7 / (at<int>(a, 0)[0] - 1);  // HERE divides
  at<int>(a, 1)[position()] = x;
}
static int value_of(uint32_t x) {
  switch (x) {
    case 77: return 1;
  }
  __builtin_unreachable();  // HERE unreachable
}
static void unreachable(void* const* a) { at<int>(a, 1)[position()] = value_of(at<uint32_t>(a, 0)[0]); }
static int deep(volatile int* p, int depth) {
  volatile int local[256];
  for (int i = 0; i < 256; ++i) local[i] = depth;
  return depth == 0 ? 0 : deep(p, depth - 1) + local[*p & 255];
}
static void recurses(void* const* a) { at<int>(a, 1)[position()] = deep(at<int>(a, 0), 100000); }
static void says_so(void* const*) { sim_report("shuffle", "lane 40 of 32"); }
static void too_much_memory(void* const* a) {
  THREADGROUP(float, first, 8000);
  THREADGROUP(float, second, 400);
  first[thread_index()] = 1;
  second[thread_index()] = 1;
  at<float>(a, 1)[position()] = 1;
}

#endif
