// What a kernel's source gives to the library's table.
#ifndef METAL_FP4_KERNEL_FUNCTIONS_H
#define METAL_FP4_KERNEL_FUNCTIONS_H

#include "cpu_kernel.h"

struct kernel_functions {
  uint64_t (*scratch_bytes)(const cpu_kernel_call* call); // null: none
  int (*run)(const cpu_kernel_call* call, uint64_t begin, uint64_t end);
};

#endif
