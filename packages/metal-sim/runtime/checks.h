// What is asked of each access: the range is right, the address is aligned, nothing races.
#ifndef METAL_SIM_CHECKS_H
#define METAL_SIM_CHECKS_H

#include <stdint.h>

#include "ranges.h"

namespace sim {

// The rest of the checks, for ranges with flags. False when the thread must not go on.
bool check_flags(const Range& range, uintptr_t address, uint64_t size, uint32_t access, bool atomic, uintptr_t pc);

void report_misaligned(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc);

}  // namespace sim
#endif
