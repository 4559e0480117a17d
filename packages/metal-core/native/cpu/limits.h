// How many cores and how much memory this process may use: affinity, cgroup v1 and v2, or sysctl on macOS.
#ifndef METAL_CORE_CPU_LIMITS_H
#define METAL_CORE_CPU_LIMITS_H

#include <cstdint>
#include <string>

namespace metal_core {

struct SystemLimits {
  uint32_t cores = 1;          // what the process may use: the least of the two below
  uint32_t affinityCores = 1;  // processors that it may be scheduled on
  double quotaCores = 0;       // cgroup quota / period, the tightest on the way to the root; 0: none
  uint64_t memoryBytes = 0;    // physical memory, or the cgroup's limit where that is less
};

// `root` is put before /proc and /sys, for tests; normally empty.
SystemLimits readLimits(const std::string& root);

}  // namespace metal_core
#endif
