// What the generated checks of table.inc are made of. The messages say what encode() in TypeScript says; the device puts the
// kernel's name before them.
#ifndef METAL_FP4_CHECK_H
#define METAL_FP4_CHECK_H

#include <stdint.h>

#include <initializer_list>

#include "arithmetic.h"
#include "cpu_kernel.h"
#include "fail.h"

// Bytes of an element whose type a constant decides.
static uint32_t element_size(uint32_t constant, std::initializer_list<uint32_t> sizes) {
  return constant < sizes.size() ? sizes.begin()[constant] : 0;
}

// Argument `index` must hold `count` elements at a multiple of `alignment` bytes when `bound`, and must be unbound otherwise.
static int check_binding(const cpu_kernel_call* call, const cpu_kernel_argument* argument, uint32_t index,
                         int64_t bound, int64_t count, uint32_t bytes_each, int64_t alignment, Arithmetic& a) {
  const cpu_kernel_binding& binding = call->bindings[index];
  const int64_t bytes = bound ? a.mul(count, bytes_each) : 0;
  if (!a.exact || bytes < 0 || bytes_each == 0 || alignment <= 0) {
    return fail(call, "expected a problem with %s below 2^53, got a larger one.", argument->name);
  }
  if (!bound) {
    return binding.data ? fail(call, "expected %s to be unbound, got a buffer.", argument->name) : 0;
  }
  if (bytes > 0 && !binding.data) {
    return fail(call, "expected %s of at least %lld bytes, got null.", argument->name, (long long)bytes);
  }
  if (binding.size < static_cast<uint64_t>(bytes)) {
    return fail(call, "expected %s of at least %lld bytes, got %llu bytes.", argument->name, (long long)bytes,
                (unsigned long long)binding.size);
  }
  if (reinterpret_cast<uintptr_t>(binding.data) % static_cast<uint64_t>(alignment) != 0) {
    return fail(call, "expected %s aligned to %lld bytes, got another address.", argument->name, (long long)alignment);
  }
  return 0;
}

static int check_grid(const cpu_kernel_call* call, const int64_t (&expected)[3], const Arithmetic& a) {
  const uint32_t* grid = call->grid;
  if (a.exact && expected[0] == grid[0] && expected[1] == grid[1] && expected[2] == grid[2]) return 0;
  return fail(call, "expected grid [%lld, %lld, %lld], got [%u, %u, %u].", (long long)expected[0],
              (long long)expected[1], (long long)expected[2], grid[0], grid[1], grid[2]);
}

#endif
