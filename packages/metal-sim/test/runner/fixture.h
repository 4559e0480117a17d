// Kernels written by hand against abi.h, as the compiler would write them.
#ifndef FIXTURE_H
#define FIXTURE_H

#include "abi.h"

#define KERNEL(name, ...) static void name(void* const* arguments)
#define HEADER __attribute__((nodebug, always_inline)) inline
#define UNSEEN __attribute__((nodebug, noinline, no_sanitize("address", "undefined", "coverage"))) inline

template <typename T>
HEADER T* at(void* const* arguments, int i) {
  return static_cast<T*>(arguments[i]);
}
HEADER uint32_t thread_index() { return sim_current()->index_in_threadgroup; }
HEADER uint32_t position() { return sim_current()->position[0]; }
HEADER uint32_t group_position() { return sim_current()->threadgroup_position[0]; }

enum { mem_none = 0, mem_device = 1, mem_threadgroup = 2 };
HEADER void threadgroup_barrier(uint32_t flags) { sim_barrier(0, flags); }
HEADER void simdgroup_barrier(uint32_t flags) { sim_barrier(1, flags); }

UNSEEN float sum_of(const void* all, uint32_t active) {
  float sum = 0;
  for (int lane = 0; lane < 32; ++lane) {
    if ((active >> lane & 1) != 0) sum += static_cast<const float*>(all)[lane];
  }
  return sum;
}
HEADER float simd_sum(float value) {
  uint32_t active;
  const void* all = sim_simd_gather(&value, sizeof value, &active);
  return sum_of(all, active);
}

UNSEEN void atomic_add_unseen(uint32_t* p, uint32_t value) { __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }
HEADER void atomic_add(uint32_t* p, uint32_t value) { atomic_add_unseen(static_cast<uint32_t*>(sim_atomic(p, 4, 3)), value); }

// A variable of threadgroup memory.
#define THREADGROUP(type, name, count)                                                                      \
  static const char name##_key = 0;                                                                         \
  type* name = static_cast<type*>(sim_threadgroup_variable(&name##_key, sizeof(type) * (count), alignof(type)))

#define DEVICE(index, bytes) {"b" #index, "device float*", sim_device_buffer, index, 3, bytes, 4, nullptr, nullptr}
#define CONST_DEVICE(index, bytes) {"b" #index, "const device float*", sim_device_buffer, index, 1, bytes, 4, nullptr, nullptr}
#define CONSTANT(index, bytes) {"b" #index, "constant uint&", sim_constant_buffer, index, 1, bytes, 4, nullptr, nullptr}
#define SHARED(index) {"s" #index, "threadgroup float*", sim_threadgroup_buffer, index, 3, 4, 4, nullptr, nullptr}

#endif
