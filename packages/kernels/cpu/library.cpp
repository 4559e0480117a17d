// The library's one export: the table of kernels for the best instruction set that the processor has.
#define ISA_NAMESPACE library

#include "check.h"
#include "cpu_kernel.h"
#include "kernel_functions.h"
#include "params.h"

namespace library {
#include "table.inc"
}  // namespace library

#define DECLARE(name) extern const kernel_functions name##_functions;
#define ENTRY(name)                                                                                     \
  {#name,                                                                                               \
   library::name##_arguments,                                                                           \
   sizeof(library::name##_arguments) / sizeof(library::name##_arguments[0]),                            \
   library::name##_constant_table,                                                                      \
   library::name##_constant_count,                                                                      \
   library::name##_check,                                                                               \
   name##_functions.scratch_bytes,                                                                      \
   name##_functions.run},
#define DEFINE_LIBRARY(isa)                                                                             \
  namespace isa {                                                                                       \
  CPU_KERNELS(DECLARE)                                                                                  \
  static const cpu_kernel_library* open() {                                                             \
    static const cpu_kernel kernels[] = {CPU_KERNELS(ENTRY)};                                           \
    static const cpu_kernel_library table = {CPU_KERNEL_ABI, #isa, sizeof(kernels) / sizeof(kernels[0]), kernels}; \
    return &table;                                                                                      \
  }                                                                                                     \
  }

#if defined(HAVE_AVX512VNNI)
DEFINE_LIBRARY(avx512vnni)
#endif
#if defined(HAVE_AVX512)
DEFINE_LIBRARY(avx512)
#endif
#if defined(HAVE_AVX2)
DEFINE_LIBRARY(avx2)
#endif
#if defined(HAVE_NEONDOT)
DEFINE_LIBRARY(neondot)
#endif
#if defined(HAVE_NEON)
DEFINE_LIBRARY(neon)
#endif
DEFINE_LIBRARY(plain)

extern "C" CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open([[maybe_unused]] uint32_t isa) {
#if defined(HAVE_AVX512VNNI)
  if (isa & CPU_KERNEL_ISA_AVX512_VNNI) return avx512vnni::open();
#endif
#if defined(HAVE_AVX512)
  if (isa & CPU_KERNEL_ISA_AVX512) return avx512::open();
#endif
#if defined(HAVE_AVX2)
  if (isa & CPU_KERNEL_ISA_AVX2) return avx2::open();
#endif
#if defined(HAVE_NEONDOT)
  if (isa & CPU_KERNEL_ISA_NEON_DOT) return neondot::open();
#endif
#if defined(HAVE_NEON)
  if (isa & CPU_KERNEL_ISA_NEON) return neon::open();
#endif
  return plain::open();
}
