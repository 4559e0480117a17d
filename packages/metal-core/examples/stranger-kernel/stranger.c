/* A kernel library by a stranger: plain C, and nothing of metal-core but cpu_kernel.h. To build and run it: README.md.
 *
 *   saxpy   y = a * x + y, for n floats                      grid: any; each threadgroup takes an even share of n
 *   sum     out[g] = sum of x over group g's share of n      grid: as many groups as out has floats
 */
#include <stdio.h>

#include "cpu_kernel.h"

typedef struct {
  float a;
  uint32_t n;
} saxpy_parameters;

/* Share i of g, of n things. */
static uint64_t first_of(uint64_t n, uint64_t i, uint64_t g) { return n / g * i + n % g * i / g; }

static uint64_t groups_of(const cpu_kernel_call* call) {
  return (uint64_t)call->grid[0] * call->grid[1] * call->grid[2];
}

/* What a kernel must check itself: sizes that depend on the values of arguments. */
static int refuse_short(const cpu_kernel_call* call, const char* name, const cpu_kernel_binding* binding, uint64_t floats) {
  if (binding->size / sizeof(float) >= floats) return 0;
  snprintf(call->message, call->message_size, "expected %llu floats for argument '%s', got %llu; bind a larger buffer",
           (unsigned long long)floats, name, (unsigned long long)(binding->size / sizeof(float)));
  return 1;
}

static int saxpy_check(const cpu_kernel_call* call) {
  const saxpy_parameters* p = call->bindings[0].data;
  return refuse_short(call, "x", &call->bindings[1], p->n) || refuse_short(call, "y", &call->bindings[2], p->n);
}

static int saxpy_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const saxpy_parameters p = *(const saxpy_parameters*)call->bindings[0].data;
  const float* x = call->bindings[1].data;
  float* y = call->bindings[2].data;
  const uint64_t groups = groups_of(call), last = first_of(p.n, end, groups);
  for (uint64_t i = first_of(p.n, begin, groups); i < last; i++) y[i] = p.a * x[i] + y[i];
  return 0;
}

static int sum_check(const cpu_kernel_call* call) {
  const uint32_t n = *(const uint32_t*)call->bindings[0].data;
  return refuse_short(call, "x", &call->bindings[1], n) || refuse_short(call, "out", &call->bindings[2], groups_of(call));
}

/* Scratch: a private copy of the group's share, to show how it is asked for. */
static uint64_t sum_scratch(const cpu_kernel_call* call) {
  const uint32_t n = *(const uint32_t*)call->bindings[0].data;
  return (n / groups_of(call) + 1) * sizeof(float);
}

static int sum_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const uint32_t n = *(const uint32_t*)call->bindings[0].data;
  const float* x = call->bindings[1].data;
  float* out = call->bindings[2].data;
  float* copy = call->scratch;
  const uint32_t square = call->constants[0];
  const uint64_t groups = groups_of(call);
  for (uint64_t g = begin; g < end; g++) {
    const uint64_t first = first_of(n, g, groups), count = first_of(n, g + 1, groups) - first;
    double total = 0;
    for (uint64_t i = 0; i < count; i++) {
      copy[i] = square ? x[first + i] * x[first + i] : x[first + i];
      if (copy[i] != copy[i]) { /* what depends on data in buffers is found out while running */
        snprintf(call->message, call->message_size, "expected numbers in 'x', got NaN at %llu",
                 (unsigned long long)(first + i));
        return 1;
      }
    }
    for (uint64_t i = 0; i < count; i++) total += copy[i];
    out[g] = (float)total;
  }
  return 0;
}

static const cpu_kernel_argument saxpy_arguments[] = {
    {"parameters", CPU_KERNEL_VALUE, 4, sizeof(saxpy_parameters), 0, 0},
    {"x", CPU_KERNEL_READ, 4, 0, 0, 0},
    {"y", CPU_KERNEL_READ_WRITE, 4, 0, 0, 0},
};

static const cpu_kernel_argument sum_arguments[] = {
    {"n", CPU_KERNEL_VALUE, 4, sizeof(uint32_t), 0, 0},
    {"x", CPU_KERNEL_READ, 4, 0, 0, 0},
    {"out", CPU_KERNEL_WRITE, 4, 0, 0, 0},
};

static const cpu_kernel_constant sum_constants[] = {{"square", 0, 1}};

static const cpu_kernel kernels[] = {
    {"saxpy", saxpy_arguments, 3, 0, 0, saxpy_check, 0, saxpy_run},
    {"sum", sum_arguments, 3, sum_constants, 1, sum_check, sum_scratch, sum_run},
};

CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa) {
  static const cpu_kernel_library library = {CPU_KERNEL_ABI, "plain", 2, kernels};
  (void)isa; /* one version for all processors; a faster library would choose here */
  return &library;
}
