// Runs the threads of one threadgroup as fibers, until each has ended.
#ifndef METAL_SIM_SCHEDULER_H
#define METAL_SIM_SCHEDULER_H

#include <stdint.h>

#include <string>

#include "abi.h"
#include "fiber.h"
#include "machine.h"

namespace sim {

enum class State : uint8_t { fresh, ready, running, gather, simd_barrier, group_barrier, ended };

struct Thread {
  State state;
  uint32_t index;
  void* stack_pointer;
  Stack* stack;
  uint64_t steps;
  // While it waits.
  uintptr_t pc;      // where its call returns to
  uint64_t call;     // which call it is: a hash of the chain of return addresses
  void* frame;       // to walk that chain
  uint32_t flags;    // of a barrier
  uint32_t bytes;    // handed to the simdgroup
  const void* value;
  uint32_t active;   // lanes that took part
};

struct Simdgroup {
  uint32_t first, lanes;
  uint32_t mask(State state) const;
  uint32_t barriers[2];  // passed, by Memory
  uint8_t* gathered;     // [lanes][bytes], visible to kernels
};

// The order of things that a seed decides.
struct Random {
  uint64_t state;
  uint32_t below(uint32_t n);
};

// What a dispatch has to say about the threadgroup that runs.
struct Group {
  const sim_kernel* kernel;
  void* const* arguments;
  uint32_t linear, position[3], size[3];
  uint32_t groups[3], threads[3], dispatch_size[3];  // of the grid
};

void run_threadgroup(const Group& group, Random& random, bool shuffle);

// Of the thread that runs. `gather` returns what the simdgroup handed over.
void wait_at_barrier(uint32_t scope, uint32_t flags, uintptr_t pc, void* frame);
const void* wait_for_simdgroup(const void* value, uint32_t bytes, uint32_t* active, uintptr_t pc, void* frame);
const sim_thread* running_thread();
uint32_t running_group();
[[noreturn]] void give_up_threadgroup();

// Stops the dispatch with a message.
[[noreturn]] void stop_dispatch(const std::string& message);
const std::string& stop_message();
void clear_stop();

// For simdgroup.cpp.
extern Thread threads[kMaxThreads];
extern Simdgroup simdgroups[kMaxThreads / kLanes];
void resolve_gather(Simdgroup& simdgroup);
void resolve_simdgroup_barrier(Simdgroup& simdgroup);
void resolve_threadgroup_barrier(uint32_t thread_count);
uint64_t call_of(uintptr_t pc, void* frame);

}  // namespace sim
#endif
