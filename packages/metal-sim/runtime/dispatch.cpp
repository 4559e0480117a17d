#include "dispatch.h"

#include <string.h>
#include <time.h>

#include <algorithm>
#include <numeric>

#include "bindings.h"
#include "counters.h"
#include "protocol.h"
#include "report.h"
#include "scheduler.h"

namespace sim {
namespace {

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void run_groups(Dispatch& dispatch, uint64_t seed) {
  const uint64_t total = uint64_t{dispatch.groups[0]} * dispatch.groups[1] * dispatch.groups[2];
  Random random{seed ^ uint64_t{dispatch.index} << 32};
  const bool shuffle = seed != 0;
  // i -> a i + b mod total visits every threadgroup once when a and total have no common factor.
  uint64_t a = 1, b = 0;
  if (shuffle && total > 2) {
    const auto bound = static_cast<uint32_t>(std::min<uint64_t>(total, UINT32_MAX));
    do a = 1 + random.below(bound - 1);
    while (std::gcd(a, total) != 1);
    b = random.below(bound);
  }
  Group group{dispatch.kernel, exchange().arguments, 0, {}, {}, {}, {}, {}};
  for (int d = 0; d < 3; ++d) {
    group.groups[d] = dispatch.groups[d];
    group.dispatch_size[d] = dispatch.threadgroup[d];
    group.threads[d] = dispatch.mode == Mode::threads ? static_cast<uint32_t>(dispatch.grid[d]) : dispatch.groups[d] * dispatch.threadgroup[d];
  }
  for (uint64_t i = 0; i < total; ++i) {
    const auto linear = static_cast<uint64_t>((static_cast<unsigned __int128>(a) * i + b) % total);
    group.linear = static_cast<uint32_t>(linear);
    group.position[0] = static_cast<uint32_t>(linear % dispatch.groups[0]);
    group.position[1] = static_cast<uint32_t>(linear / dispatch.groups[0] % dispatch.groups[1]);
    group.position[2] = static_cast<uint32_t>(linear / dispatch.groups[0] / dispatch.groups[1]);
    for (int d = 0; d < 3; ++d) {
      const uint64_t left = uint64_t{group.threads[d]} - uint64_t{group.position[d]} * dispatch.threadgroup[d];
      group.size[d] = static_cast<uint32_t>(std::min<uint64_t>(dispatch.threadgroup[d], left));
    }
    for (Clock& clock : machine.clock) clock.group = ++clock.epoch;
    machine.clock[kThreadgroupMemory].segment = machine.clock[kThreadgroupMemory].group;
    note_group(dispatch.index, group.linear);
    forget_threadgroup_memory();
    run_threadgroup(group, random, shuffle);
    if (machine.no_further || !stop_message().empty()) return;
  }
}

}  // namespace

void mark_written(const Dispatch& dispatch, bool tracked) {
  for (uint32_t i = 0; i < dispatch.kernel->parameter_count; ++i) {
    const sim_parameter& parameter = dispatch.kernel->parameters[i];
    if (parameter.kind != sim_device_buffer || (parameter.access & 2) == 0) continue;
    for (const Argument& argument : dispatch.arguments) {
      if (argument.kind != Argument::Kind::buffer || argument.index != parameter.index) continue;
      Buffer& buffer = *argument.buffer;
      buffer.tracked = tracked;
      if (tracked && buffer.planes.words == nullptr) buffer.planes = make_planes(reinterpret_cast<uintptr_t>(buffer.data), buffer.length);
    }
  }
}

std::string run(Dispatch& dispatch, uint64_t seed, Counts& counts, double& start, double& end) {
  machine.dispatch = dispatch.index;
  machine.kernel = dispatch.kernel;
  machine.counts = {};
  machine.no_further = false;
  clear_stop();
  start = now();
  if (std::string message = dispatch.library->set_constants(dispatch.constants); !message.empty()) return message;
  if (std::string message = bind(dispatch); !message.empty()) return format("Compute Function(%s): ", dispatch.kernel->name) + message;
  for (int d = 0; d < 3; ++d) {
    uint64_t groups = dispatch.grid[d];
    if (dispatch.mode == Mode::threads) groups = (groups + dispatch.threadgroup[d] - 1) / dispatch.threadgroup[d];
    dispatch.groups[d] = static_cast<uint32_t>(groups);
  }
  if (dispatch.mode == Mode::indirect) memcpy(dispatch.groups, dispatch.indirect->data + dispatch.indirect_offset, sizeof dispatch.groups);
  run_groups(dispatch, seed);
  end = now();
  counts = machine.counts;
  count_unique(dispatch, counts);
  return stop_message();
}

void thread_position(const Dispatch& dispatch, uint32_t group, uint32_t thread, uint32_t in_group[3], uint32_t of_group[3]) {
  uint64_t rest = group;
  uint32_t size[3];
  for (int d = 0; d < 3; ++d) {
    const uint32_t groups = std::max(dispatch.groups[d], 1u);
    of_group[d] = static_cast<uint32_t>(rest % groups);
    rest /= groups;
    size[d] = dispatch.threadgroup[d];
    if (dispatch.mode == Mode::threads) {
      size[d] = static_cast<uint32_t>(std::min<uint64_t>(size[d], dispatch.grid[d] - uint64_t{of_group[d]} * size[d]));
    }
  }
  in_group[0] = thread % size[0];
  in_group[1] = thread / size[0] % size[1];
  in_group[2] = thread / size[0] / size[1];
}

}  // namespace sim
