// The functions of abi.h.
#include <string.h>

#include "abi.h"
#include "bindings.h"
#include "checks.h"
#include "ranges.h"
#include "report.h"
#include "scheduler.h"

#define PC reinterpret_cast<uintptr_t>(__builtin_return_address(0))

extern "C" {

const sim_thread* sim_current() { return sim::running_thread(); }

void sim_barrier(uint32_t scope, uint32_t flags) { sim::wait_at_barrier(scope, flags, PC, __builtin_frame_address(0)); }

const void* sim_simd_gather(const void* value, uint32_t bytes, uint32_t* active) {
  if (bytes > sim::kMaxGatherBytes) sim::stop_dispatch("[sim_simd_gather] expected at most 256 bytes of a lane.");
  return sim::wait_for_simdgroup(value, bytes, active, PC, __builtin_frame_address(0));
}

void* sim_threadgroup_variable(const void* key, uint64_t bytes, uint32_t alignment) {
  return sim::threadgroup_variable(key, bytes, alignment);
}

void* sim_atomic(void* address, [[maybe_unused]] uint32_t bytes, [[maybe_unused]] uint32_t access) {
#if SIM_CHECKED
  const auto at = reinterpret_cast<uintptr_t>(address);
  const uintptr_t pc = PC;
  if (at % bytes != 0) {
    sim::report_misaligned(at, bytes, access, pc);
    sim::give_up_threadgroup();
  }
  const sim::Range* range = sim::range_of(at, bytes, access, pc);
  if (range == nullptr || !sim::check_flags(*range, at, bytes, access, true, pc)) sim::give_up_threadgroup();
#endif
  return address;
}

void sim_count_multiply_add(uint64_t executed, uint64_t useful) {
  sim::machine.counts.executed += executed;
  sim::machine.counts.useful += useful;
}

void sim_report(const char* kind, const char* message) {
  const sim::Place place = sim::place_here("here", PC);
  sim::report(kind, place, nullptr, [message] { return std::string(message); });
}
}
