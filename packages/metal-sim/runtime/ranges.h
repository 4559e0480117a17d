// The memory that the thread which runs may touch, and the way from an address to it.
#ifndef METAL_SIM_RANGES_H
#define METAL_SIM_RANGES_H

#include <stdint.h>

#include "fiber.h"
#include "machine.h"

namespace sim {

constexpr uint32_t kMaxRanges = 128;

void clear_ranges();
void add_range(const Range& range);

extern Range stack_range;  // of the thread that runs
inline void set_stack_range(const Stack* stack) {
  stack_range.low = reinterpret_cast<uintptr_t>(stack->low);
  stack_range.high = reinterpret_cast<uintptr_t>(stack->high);
}

// An instruction mostly touches the range that it touched last. `pc` tells instructions apart.
constexpr uint32_t kCachedRanges = 1024;
extern const Range* cached_ranges[kCachedRanges];
inline const Range*& cached_range(uintptr_t pc) { return cached_ranges[(pc ^ pc >> 10) % kCachedRanges]; }

enum : uint32_t { kLoad = 1, kStore = 2 };

// The range that holds all of [address, address + size) and may be accessed so; null after a report.
const Range* find_range(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc);

inline const Range* range_of(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc) {
  const Range* range = cached_range(pc);
  if (address >= range->low && size <= range->high - address && address < range->high && (range->access & access) == access) return range;
  return find_range(address, size, access, pc);
}

}  // namespace sim
#endif
