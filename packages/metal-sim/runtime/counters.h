// Bytes that a dispatch touches (option count).
#ifndef METAL_SIM_COUNTERS_H
#define METAL_SIM_COUNTERS_H

#include <stdint.h>

#include <string>

#include "machine.h"

namespace sim {

struct Dispatch;

void count_bytes(const Range& range, uintptr_t address, uint64_t size, bool store);

// Moves what was touched into `counts`.
void count_unique(const Dispatch& dispatch, Counts& counts);

// The `count` line.
std::string told_counts(uint32_t dispatch, const Counts& counts);

}  // namespace sim
#endif
