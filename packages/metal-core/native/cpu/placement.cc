#include "placement.h"

#if defined(__linux__)
#include <sched.h>

#include <cstring>
#endif

namespace metal_core {

#if defined(__linux__)

namespace {

constexpr std::chrono::milliseconds kBetweenMoves{1};

bool allowedProcessors(cpu_set_t* set) { return sched_getaffinity(0, sizeof(*set), set) == 0; }  // not with more than it has room for

// Restricts the calling thread to `wanted`, which makes it leave its processor, and then lets it run on `allowed` again.
void moveTo(const cpu_set_t& wanted, const cpu_set_t& allowed) {
  if (CPU_COUNT(&wanted) == 0 || sched_setaffinity(0, sizeof(wanted), &wanted) != 0) return;
  if (sched_setaffinity(0, sizeof(allowed), &allowed) == 0) return;
  cpu_set_t all;  // what was allowed has changed meanwhile: the system takes what it allows now
  std::memset(&all, 0xff, sizeof(all));
  sched_setaffinity(0, sizeof(all), &all);
}

void clear(int processor, cpu_set_t* set) {
  if (processor >= 0 && processor < CPU_SETSIZE) CPU_CLR(processor, set);
}

}  // namespace

int currentProcessor() { return sched_getcpu(); }

void leaveProcessor(int processor) {
  cpu_set_t allowed;
  if (processor < 0 || sched_getcpu() != processor || !allowedProcessors(&allowed)) return;
  cpu_set_t wanted = allowed;
  clear(processor, &wanted);
  moveTo(wanted, allowed);
}

void Placement::note(uint32_t thread) {
  seats_[thread].processor.store(currentProcessor(), std::memory_order_relaxed);
}

void Placement::spread(uint32_t thread) {
  Seat& own = seats_[thread];
  const int here = currentProcessor();
  own.processor.store(here, std::memory_order_relaxed);
  if (here < 0) return;
  bool shared = false;
  for (uint32_t i = 0; i < thread; i++) shared |= seats_[i].processor.load(std::memory_order_relaxed) == here;
  if (!shared) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - own.moved < kBetweenMoves) return;
  own.moved = now;
  cpu_set_t allowed;
  if (!allowedProcessors(&allowed)) return;
  cpu_set_t wanted = allowed;
  for (const Seat& seat : seats_) clear(seat.processor.load(std::memory_order_relaxed), &wanted);
  moveTo(wanted, allowed);
  note(thread);
}

#else

int currentProcessor() { return -1; }
void leaveProcessor(int) {}
void Placement::note(uint32_t) {}
void Placement::spread(uint32_t) {}

#endif

}  // namespace metal_core
