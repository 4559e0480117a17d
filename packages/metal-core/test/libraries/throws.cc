// Kernels in C++ that let exceptions out, which the interface does not allow and the device survives.
#include <stdexcept>

#include "cpu_kernel.h"

static int run(const cpu_kernel_call*, uint64_t, uint64_t) { throw std::runtime_error("from run"); }
static int check(const cpu_kernel_call*) { throw std::runtime_error("from check"); }

static const cpu_kernel kernels[] = {
    {"throws", nullptr, 0, nullptr, 0, nullptr, nullptr, run},
    {"throws_in_check", nullptr, 0, nullptr, 0, check, nullptr, run},
};

extern "C" CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t) {
  static const cpu_kernel_library library = {CPU_KERNEL_ABI, "plain", 2, kernels};
  return &library;
}
