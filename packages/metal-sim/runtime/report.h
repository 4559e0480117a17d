// Findings: collected while dispatches run, told at `end`. One for each kind and pair of places, with how often it happened.
#ifndef METAL_SIM_REPORT_H
#define METAL_SIM_REPORT_H

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "races.h"

namespace sim {

struct Dispatch;

// Where a thread was, and what it did there.
struct Place {
  const char* role = "here";  // read, write, atomic, barrier, simd, ended, here
  uintptr_t pc = 0;           // 0: unknown
  uint32_t dispatch = 0;
  uint32_t group = 0;   // threadgroup of the grid, linear
  uint32_t thread = 0;  // of the threadgroup, linear
};

// The place of the thread that runs.
Place place_here(const char* role, uintptr_t pc);

// Where an access was made that a cell remembers.
Place place_of(const Access& access, Memory memory, const char* role);

// Counts the finding; `message` is made only the first time. There may be a second place.
void report(const char* kind, const Place& first, const Place* second, const std::function<std::string()>& message);

// The same for places whose file and line are known already.
void report_at(const char* kind, const Place& first, const char* file, uint32_t line, uint32_t column, const std::string& message);

// A threadgroup starts: epochs from now on belong to it. A new segment: older epochs will not be asked for.
void note_group(uint32_t dispatch, uint32_t group);
void start_segment();

// A new list of dispatches, which must outlive the answers.
void start_reports(const std::vector<Dispatch*>& dispatches, uint32_t max_reports);

// The `report` and `suppressed` lines.
std::string told_reports();

}  // namespace sim
#endif
