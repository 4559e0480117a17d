// What the callbacks of loads and stores look at: the state of the thread that runs. One instance, plain data.
#ifndef METAL_SIM_MACHINE_H
#define METAL_SIM_MACHINE_H

#include <stdint.h>

#include "abi.h"
#include "races.h"

namespace sim {

struct Buffer;

enum RangeKind : uint32_t { kRangeBuffer, kRangeValue, kRangeThreadgroup, kRangeStack, kRangeLibrary, kRangeExchange };

enum RangeFlags : uint32_t {
  kFlagRaces = 1,        // cells are kept
  kFlagCount = 2,        // bytes are counted
  kFlagVariables = 4,    // threadgroup memory: what lies between variables is out of bounds
  kFlagPoison = 8,       // the address sanitizer knows what lies between variables
};

// Memory that a thread may touch.
struct Range {
  uintptr_t low, high;
  uint32_t flags;
  uint32_t access;  // 1 read, 2 write
  RangeKind kind;
  uint32_t index;    // of the binding
  const char* name;  // of the parameter
  Buffer* buffer;
};

struct Counts {
  uint64_t executed, useful, read, written, unique_read, unique_written, threadgroup_barriers, simdgroup_barriers;
};

constexpr uint32_t kLanes = 32;
constexpr uint32_t kMaxThreads = 1024;
constexpr uint32_t kThreadgroupBytes = 32768;

struct Machine {
  // Of the thread that runs.
  uint32_t thread = 0;  // index in its threadgroup
  uint32_t who[2] = {};  // by Memory: as in Access, without the atomic bit
  uint64_t steps = 0;    // left
  // Of the threadgroup and dispatch.
  Clock clock[2];
  uint32_t dispatch = 0;
  const sim_kernel* kernel = nullptr;
  bool given_up = false;    // the threadgroup
  bool no_further = false;  // threadgroups of this dispatch
  Counts counts = {};
  // Options.
  bool checks = true, races = true, count = false;
  uint64_t step_limit = 100000000;
};

extern Machine machine;

}  // namespace sim
#endif
