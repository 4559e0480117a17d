/* Kernels that tests look at the device with. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cpu_kernel.h"

static uint32_t offered_isa;

static uint32_t value_of(const cpu_kernel_call* call, int i) { return *(const uint32_t*)call->bindings[i].data; }

/* cover: out[i] += 1 for each threadgroup i, which must be run exactly once. */
static int cover_check(const cpu_kernel_call* call) {
  const uint64_t groups = (uint64_t)call->grid[0] * call->grid[1] * call->grid[2];
  if (call->bindings[0].size / 4 >= groups) return 0;
  snprintf(call->message, call->message_size, "expected room for %llu counts", (unsigned long long)groups);
  return 1;
}
static int cover_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  uint32_t* out = call->bindings[0].data;
  for (uint64_t i = begin; i < end; i++) out[i]++;
  return 0;
}

/* append: log[0] counts, log[1 + count] = value. */
static int append_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  uint32_t* log = call->bindings[0].data;
  (void)begin, (void)end;
  if ((log[0] + 2) * 4ull <= call->bindings[0].size) log[1 + log[0]++] = value_of(call, 1);
  return 0;
}

/* sleep: milliseconds. */
static int sleep_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const uint32_t ms = value_of(call, 0);
  const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
  (void)begin, (void)end;
  nanosleep(&time, 0);
  return 0;
}

/* fail: in the threadgroup given; the message is as asked for by the constant: 0 none, 1 a short one, 2 not terminated. */
static int fail_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const uint32_t at = value_of(call, 0);
  if (at < begin || at >= end) return 0;
  if (call->constants[0] == 1) snprintf(call->message, call->message_size, "failed at %u", at);
  if (call->constants[0] == 2) memset(call->message, 'x', call->message_size);
  return 7;
}

/* countdown: state[0] -= 1 and, when that gives 0, state[1] = 1 (the done flag). */
static int countdown_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  uint32_t* state = call->bindings[0].data;
  (void)begin, (void)end;
  if (--state[0] == 0) state[1] = 1;
  return 0;
}

/* scratch: fills its scratch, and fails when that is not what was asked for. */
static uint64_t scratch_bytes(const cpu_kernel_call* call) { return value_of(call, 0); }
static int scratch_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  (void)begin, (void)end;
  if (call->scratch_size != value_of(call, 0) || ((uintptr_t)call->scratch & 63) != 0) return 1;
  if (call->scratch) memset(call->scratch, 1, call->scratch_size);
  return 0;
}

/* bindings: out[2i], out[2i + 1] = whether argument i is bound, its size. */
static int bindings_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  uint32_t* out = call->bindings[0].data;
  (void)begin, (void)end;
  if (call->bindings[0].size < 24) return 1;
  for (int i = 0; i < 3; i++) {
    out[2 * i] = call->bindings[i].data != 0;
    out[2 * i + 1] = (uint32_t)call->bindings[i].size;
  }
  return 0;
}

/* copy: out = in; both may be the same. */
static int copy_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const uint64_t n = call->bindings[0].size < call->bindings[1].size ? call->bindings[0].size : call->bindings[1].size;
  (void)begin, (void)end;
  memmove(call->bindings[1].data, call->bindings[0].data, n);
  return 0;
}

/* blend: does nothing with two arguments and a result that may take the place of the first. */
static int blend_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  (void)call, (void)begin, (void)end;
  return 0;
}

/* page: does nothing with an argument that starts on a page. */
static int page_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  (void)begin, (void)end;
  return ((uintptr_t)call->bindings[0].data & 16383) != 0;
}

/* isa: out[0] = what the device offered. */
static int isa_run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  (void)begin, (void)end;
  *(uint32_t*)call->bindings[0].data = offered_isa;
  return 0;
}

static const cpu_kernel_argument out_arguments[] = {{"out", CPU_KERNEL_READ_WRITE, 4, 0, 0, 0}};
static const cpu_kernel_argument append_arguments[] = {{"log", CPU_KERNEL_READ_WRITE, 4, 0, 0, 0},
                                                       {"value", CPU_KERNEL_VALUE, 4, 4, 0, 0}};
static const cpu_kernel_argument value_arguments[] = {{"value", CPU_KERNEL_VALUE, 4, 4, 0, 0}};
static const cpu_kernel_argument state_arguments[] = {{"state", CPU_KERNEL_READ_WRITE, 8, 0, 0, 0}};
static const cpu_kernel_argument bindings_arguments[] = {{"out", CPU_KERNEL_WRITE, 64, 0, 0, 0},
                                                         {"maybe", CPU_KERNEL_READ, 16, 0, 1, 0},
                                                         {"maybe_value", CPU_KERNEL_VALUE, 16, 32, 1, 0}};
static const cpu_kernel_argument copy_arguments[] = {{"in", CPU_KERNEL_READ, 1, 0, 0, 0},
                                                     {"out", CPU_KERNEL_WRITE, 1, 0, 0, 1}};
static const cpu_kernel_argument blend_arguments[] = {{"first", CPU_KERNEL_READ, 4, 0, 0, 0},
                                                      {"second", CPU_KERNEL_READ, 4, 0, 0, 0},
                                                      {"out", CPU_KERNEL_WRITE, 4, 0, 0, 1}};
static const cpu_kernel_argument page_arguments[] = {{"in", CPU_KERNEL_READ, 16384, 0, 0, 0}};
static const cpu_kernel_constant fail_constants[] = {{"message", 1, 2}};

static const cpu_kernel kernels[] = {
    {"cover", out_arguments, 1, 0, 0, cover_check, 0, cover_run},
    {"append", append_arguments, 2, 0, 0, 0, 0, append_run},
    {"sleep", value_arguments, 1, 0, 0, 0, 0, sleep_run},
    {"fail", value_arguments, 1, fail_constants, 1, 0, 0, fail_run},
    {"countdown", state_arguments, 1, 0, 0, 0, 0, countdown_run},
    {"scratch", value_arguments, 1, 0, 0, 0, scratch_bytes, scratch_run},
    {"bindings", bindings_arguments, 3, 0, 0, 0, 0, bindings_run},
    {"copy", copy_arguments, 2, 0, 0, 0, 0, copy_run},
    {"blend", blend_arguments, 3, 0, 0, 0, 0, blend_run},
    {"page", page_arguments, 1, 0, 0, 0, 0, page_run},
    {"isa", out_arguments, 1, 0, 0, 0, 0, isa_run},
};

CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa) {
  static cpu_kernel_library library = {CPU_KERNEL_ABI, "plain", sizeof kernels / sizeof *kernels, kernels};
  offered_isa = isa;
  library.isa = isa & CPU_KERNEL_ISA_AVX512_VNNI ? "avx512vnni" : isa & CPU_KERNEL_ISA_AVX512 ? "avx512" : isa & CPU_KERNEL_ISA_AVX2 ? "avx2" : isa & CPU_KERNEL_ISA_NEON_DOT ? "neondot" : isa ? "neon" : "plain";
  return &library;
}
