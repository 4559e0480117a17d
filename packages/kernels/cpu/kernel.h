// What every kernel source includes: the manifest's structs, the SIMD layer and KERNEL, which defines a kernel.
//
//   KERNEL(rms_norm) {                        // (const rms_norm_call& call, uint64_t begin, uint64_t end) -> int
//     for (uint64_t m = begin; m < end; m++) { ... call.input ... call.params.k ... }
//     return 0;                               // or: return fail(call.raw, "expected ...", ...);
//   }
//
// Sources are compiled once for each instruction set, in a namespace of its name (ISA_NAMESPACE). So that the linker cannot
// put code for one processor in place of another's, nothing with external linkage may be shared: helpers are `static` or
// in the ISA's namespace, and the C++ standard library is not used (C functions are).
#ifndef METAL_FP4_KERNEL_H
#define METAL_FP4_KERNEL_H

#include "cpu_kernel.h"
#include "fail.h"
#include "kernel_functions.h"
#include "params.h"
#include "simd.h"

#define KERNEL_DEFINITION(name, scratch)                                                               \
  namespace ISA_NAMESPACE {                                                                            \
  static int name##_body(const name##_call& call, uint64_t begin, uint64_t end);                       \
  static int name##_run(const cpu_kernel_call* raw, uint64_t begin, uint64_t end) {                    \
    return name##_body(read_##name(raw), begin, end);                                                  \
  }                                                                                                    \
  extern const kernel_functions name##_functions;                                                      \
  const kernel_functions name##_functions = {scratch, name##_run};                                     \
  }                                                                                                    \
  static int ISA_NAMESPACE::name##_body([[maybe_unused]] const name##_call& call, uint64_t begin, uint64_t end)

// A kernel without scratch.
#define KERNEL(name) KERNEL_DEFINITION(name, nullptr)

// A kernel whose threads need scratch: KERNEL_SCRATCH(name, bytes), an expression in `call`, comes before its KERNEL_WITH_SCRATCH.
#define KERNEL_SCRATCH(name, bytes)                                                                    \
  namespace ISA_NAMESPACE {                                                                            \
  static uint64_t name##_scratch(const cpu_kernel_call* raw) {                                         \
    [[maybe_unused]] const name##_call call = read_##name(raw);                                        \
    return (bytes);                                                                                    \
  }                                                                                                    \
  }
#define KERNEL_WITH_SCRATCH(name) KERNEL_DEFINITION(name, name##_scratch)

#endif
