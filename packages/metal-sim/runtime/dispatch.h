// One dispatch: what the protocol asked for, its checks, and its run over the grid.
#ifndef METAL_SIM_DISPATCH_H
#define METAL_SIM_DISPATCH_H

#include <stdint.h>

#include <string>
#include <vector>

#include "abi.h"
#include "buffers.h"
#include "library.h"
#include "machine.h"

namespace sim {

enum class Mode { groups, threads, indirect };

struct Argument {
  uint32_t index = 0;
  enum class Kind { buffer, value, threadgroup } kind = Kind::buffer;
  Buffer* buffer = nullptr;
  uint64_t offset = 0;         // into the buffer
  std::vector<uint8_t> value;  // bytes by value
  uint64_t bytes = 0;          // of threadgroup memory
};

struct Dispatch {
  uint32_t index = 0;    // in its list
  uint32_t segment = 0;  // dispatches of one segment are concurrent
  Library* library = nullptr;
  const sim_kernel* kernel = nullptr;
  Mode mode = Mode::groups;
  uint64_t grid[3] = {};         // threadgroups, or threads
  uint32_t threadgroup[3] = {};  // threads
  Buffer* indirect = nullptr;
  uint64_t indirect_offset = 0;
  std::vector<Argument> arguments;
  std::vector<Constant> constants;
  std::string label;
  uint32_t groups[3] = {};  // known when it runs
};

// What Metal's validation would say; empty when the dispatch may run. Sets the constants of its library.
std::string validate(const Dispatch& dispatch);

// Sets `tracked` on the buffers that a dispatch may write.
void mark_written(const Dispatch& dispatch, bool tracked);

// Runs it. A message when it had to be stopped. `seed` orders its threads.
std::string run(Dispatch& dispatch, uint64_t seed, Counts& counts, double& start, double& end);

// Positions of a thread from linear indices.
void thread_position(const Dispatch& dispatch, uint32_t group, uint32_t thread, uint32_t in_group[3], uint32_t of_group[3]);

}  // namespace sim
#endif
