/* Libraries that must be refused; DEFECT says what is wrong with each. */
#include "cpu_kernel.h"

static int run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  (void)call, (void)begin, (void)end;
  return 0;
}

static const cpu_kernel_argument arguments[] = {
#if DEFECT == 3
    {"a", 9, 4, 0, 0, 0},
#elif DEFECT == 4
    {"a", CPU_KERNEL_READ, 3, 0, 0, 0},
#elif DEFECT == 5
    {"a", CPU_KERNEL_VALUE, 4, 5000, 0, 0},
#elif DEFECT == 6
    {0, CPU_KERNEL_READ, 4, 0, 0, 0},
#elif DEFECT == 10
    {"a", CPU_KERNEL_READ, 4, 0, 0, 2},
#else
    {"a", CPU_KERNEL_READ, 4, 0, 0, 0},
#endif
};

static const cpu_kernel kernels[] = {
#if DEFECT == 7
    {"k", arguments, 1, 0, 0, 0, 0, 0},
#elif DEFECT == 8
    {"k", 0, 1, 0, 0, 0, 0, run},
#else
    {"k", arguments, 1, 0, 0, 0, 0, run},
#endif
    {DEFECT == 9 ? "k" : "l", arguments, 1, 0, 0, 0, 0, run},
};

#if DEFECT != 0
CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa) {
  static const cpu_kernel_library library = {DEFECT == 2 ? 99 : CPU_KERNEL_ABI, 0, 2, kernels};
  (void)isa;
  return DEFECT == 1 ? 0 : &library;
}
#else
const cpu_kernel* unused(void) { return kernels; }
#endif
