// What instrumented code calls before each load, store and copy: build.json tells the address sanitizer to call these instead of its own checks.
#include <string.h>

#include "checks.h"
#include "protocol.h"
#include "report.h"
#include "scheduler.h"

#if SIM_CHECKED

namespace sim {
namespace {

[[noreturn]] __attribute__((noinline)) void give_up() { give_up_threadgroup(); }

inline void check(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc) {
  const Range* range = range_of(address, size, access, pc);
  if (range == nullptr) give_up();
  if (range->flags != 0 && !check_flags(*range, address, size, access, false, pc)) give_up();
}

template <uint32_t size>
inline void check_fixed(uintptr_t address, uint32_t access, uintptr_t pc) {
  if ((address & (size - 1)) != 0) {
    report_misaligned(address, size, access, pc);
    give_up();  // the processor would refuse some of them
  }
  check(address, size, access, pc);
}

__attribute__((noinline)) void runaway(uintptr_t pc) {
  report("runaway", place_here("here", pc), nullptr, [] {
    return format("expected the thread to end or wait within %llu branches (option stepLimit), got more.",
                  static_cast<unsigned long long>(machine.step_limit));
  });
  machine.no_further = true;  // the others would take as long
  give_up();
}

}  // namespace
}  // namespace sim

#define PC reinterpret_cast<uintptr_t>(__builtin_return_address(0))
#define FIXED(size)                                                                                     \
  void __sim_load##size(uintptr_t address) { sim::check_fixed<size>(address, sim::kLoad, PC); }          \
  void __sim_load##size##_noabort(uintptr_t address) { sim::check_fixed<size>(address, sim::kLoad, PC); } \
  void __sim_store##size(uintptr_t address) { sim::check_fixed<size>(address, sim::kStore, PC); }         \
  void __sim_store##size##_noabort(uintptr_t address) { sim::check_fixed<size>(address, sim::kStore, PC); }

extern "C" {
FIXED(1)
FIXED(2)
FIXED(4)
FIXED(8)
FIXED(16)

// Sizes that are no power of two, and addresses that are not known to be aligned.
void __sim_loadN(uintptr_t address, size_t size) { sim::check(address, size, sim::kLoad, PC); }
void __sim_loadN_noabort(uintptr_t address, size_t size) { sim::check(address, size, sim::kLoad, PC); }
void __sim_storeN(uintptr_t address, size_t size) { sim::check(address, size, sim::kStore, PC); }
void __sim_storeN_noabort(uintptr_t address, size_t size) { sim::check(address, size, sim::kStore, PC); }

// The two halves of a copy are told apart in the cache of ranges by another address of the same instruction.
void* __sim_memcpy(void* to, const void* from, size_t size) {
  if (size == 0) return to;
  sim::check(reinterpret_cast<uintptr_t>(from), size, sim::kLoad, PC);
  sim::check(reinterpret_cast<uintptr_t>(to), size, sim::kStore, PC - 1);
  return memmove(to, from, size);
}
void* __sim_memmove(void* to, const void* from, size_t size) {
  if (size == 0) return to;
  sim::check(reinterpret_cast<uintptr_t>(from), size, sim::kLoad, PC);
  sim::check(reinterpret_cast<uintptr_t>(to), size, sim::kStore, PC - 1);
  return memmove(to, from, size);
}
void* __sim_memset(void* to, int value, size_t size) {
  if (size == 0) return to;
  sim::check(reinterpret_cast<uintptr_t>(to), size, sim::kStore, PC);
  return memset(to, value, size);
}

// Branches, for the limit of steps.
void __sanitizer_cov_trace_pc_guard(uint32_t*) {
  if (sim::machine.steps-- == 1) sim::runaway(PC);
}
void __sanitizer_cov_trace_pc_guard_init(uint32_t*, uint32_t*) {}
}

#endif
