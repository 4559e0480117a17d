/* cpu_kernel.h: what a shared library of CPU kernels exports so that metal-core's CPU device can load it.
 *
 * A library exports one C function, `cpu_kernel_library_open`. It returns a table of kernels, each with the arguments it
 * expects, the function constants it can be specialised by, and the functions that check, size and run one dispatch.
 * The device has checked, before any of these functions is called, that every argument is bound (optional ones may be
 * null), lies inside its buffer, has the declared alignment, that by-value arguments have the declared size, and that
 * an argument which is written shares no byte with another one, unless both start at the same byte and one of the two
 * names the other in `may_alias`: each element is then read before the same threadgroup writes it. What
 * depends on the *values* of arguments (a buffer large enough for the m, n, k in a parameter struct; a token that is
 * in the vocabulary) is the kernel's to check: in `check` for by-value arguments, in `run` for data in buffers.
 *
 * The interface is plain C, so that a library may be written in any language that can export it.
 */
#ifndef METAL_FP4_CPU_KERNEL_H
#define METAL_FP4_CPU_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a struct below changes. The device refuses a library with another number. */
#define CPU_KERNEL_ABI 1u

/* Instruction sets that the running processor (and operating system) supports; passed to cpu_kernel_library_open. */
enum {
  CPU_KERNEL_ISA_AVX2 = 1u << 0,   /* AVX2, FMA and F16C */
  CPU_KERNEL_ISA_AVX512 = 1u << 1, /* AVX-512 F, BW, DQ, VL and CD (and all of CPU_KERNEL_ISA_AVX2) */
  CPU_KERNEL_ISA_NEON = 1u << 2,   /* AArch64 Advanced SIMD */
  CPU_KERNEL_ISA_AVX512_VNNI = 1u << 3, /* AVX-512 VNNI and VBMI (and all of CPU_KERNEL_ISA_AVX512) */
  CPU_KERNEL_ISA_NEON_DOT = 1u << 4 /* Armv8.2-A with the dot product extension (and all of CPU_KERNEL_ISA_NEON) */
};

/* How a kernel uses an argument. The device orders dispatches by it: two dispatches of which neither writes what the
 * other touches may run at the same time. */
enum {
  CPU_KERNEL_READ = 1u,
  CPU_KERNEL_WRITE = 2u,
  CPU_KERNEL_READ_WRITE = 3u,
  CPU_KERNEL_VALUE = 4u /* bytes passed by value, at most CPU_KERNEL_VALUE_BYTES of them */
};
#define CPU_KERNEL_VALUE_BYTES 4096u

typedef struct cpu_kernel_argument {
  const char* name;
  uint32_t access;     /* one of CPU_KERNEL_READ, _WRITE, _READ_WRITE, _VALUE */
  uint32_t alignment;  /* bytes, a power of two, of the address: at most 16384; at most 64 of a CPU_KERNEL_VALUE */
  uint32_t value_size; /* bytes, of a CPU_KERNEL_VALUE; otherwise 0 */
  uint32_t optional;   /* 1: may be bound to nothing (data null, size 0) */
  uint32_t may_alias;  /* 1 + index of an argument whose range this one may equal, or 0 */
} cpu_kernel_argument;

/* A function constant: a uint32 fixed when a kernel is looked up, before any dispatch (Metal: [[function_constant]]). */
typedef struct cpu_kernel_constant {
  const char* name;
  uint32_t default_value;
  uint32_t max_value;
} cpu_kernel_constant;

typedef struct cpu_kernel_binding {
  void* data;    /* null only for an optional argument that is not bound */
  uint64_t size; /* bytes from data to the end of the bound range */
} cpu_kernel_binding;

/* One dispatch. */
typedef struct cpu_kernel_call {
  const cpu_kernel_binding* bindings; /* one for each declared argument, in order */
  const uint32_t* constants;          /* one for each declared constant, in order */
  uint32_t grid[3];                   /* threadgroups in x, y, z; none is 0; their product fits in 53 bits */
  uint32_t threadgroup[3];            /* threads of a threadgroup: a kernel for CPUs usually ignores it */
  void* scratch;                      /* this thread's scratch, 64-byte aligned; null when scratch_bytes gave 0 */
  uint64_t scratch_size;              /* bytes */
  char* message;                      /* where to write the reason of a failure, NUL-terminated; never null */
  uint32_t message_size;              /* bytes */
} cpu_kernel_call;

/* Names have 1 to 255 bytes and differ: of kernels in a library, of arguments and of constants in a kernel. A kernel has at
 * most 64 arguments and 64 constants. */
typedef struct cpu_kernel {
  const char* name;
  const cpu_kernel_argument* arguments;
  uint32_t argument_count;
  const cpu_kernel_constant* constants;
  uint32_t constant_count;
  /* Checks the sizes of the bindings against the by-value arguments, constants and grid. Returns 0, or non-zero after
   * writing a message. Called once, when a dispatch is recorded; may be null. scratch is null. */
  int (*check)(const cpu_kernel_call* call);
  /* Bytes of scratch that each thread needs for this dispatch; may be null (none). Called after check has passed. */
  uint64_t (*scratch_bytes)(const cpu_kernel_call* call);
  /* Runs the threadgroups begin <= i < end, where i = x + grid[0] * (y + grid[1] * z). Called from several threads at
   * once with disjoint ranges that together cover the grid. Returns 0, or non-zero after writing a message: the
   * submission then fails with it. It must not read or write outside its bindings, whatever the data in them. */
  int (*run)(const cpu_kernel_call* call, uint64_t begin, uint64_t end);
} cpu_kernel;

typedef struct cpu_kernel_library {
  uint32_t abi;       /* CPU_KERNEL_ABI */
  const char* isa;    /* what was chosen, for people: "avx512vnni", "avx512", "avx2", "neondot", "neon", "plain" */
  uint32_t kernel_count;
  const cpu_kernel* kernels;
} cpu_kernel_library;

#if defined(_WIN32)
#define CPU_KERNEL_EXPORT __declspec(dllexport)
#else
#define CPU_KERNEL_EXPORT __attribute__((visibility("default")))
#endif

/* Returns the kernels for a processor with the given instruction sets. The table lives as long as the library does. */
CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa);

#ifdef __cplusplus
}
#endif
#endif
