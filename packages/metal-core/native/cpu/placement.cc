#include "placement.h"

#if defined(__linux__)
#include <sched.h>

#include <cstring>
#endif

namespace metal_core {

#if defined(__linux__)

namespace {

constexpr std::chrono::milliseconds kBetweenMoves{1};

// Restricts the calling thread to `wanted`, which makes it leave its processor, and then lets it run on `allowed` again.
bool moveTo(const cpu_set_t& wanted, const cpu_set_t& allowed) {
  if (sched_setaffinity(0, sizeof(wanted), &wanted) != 0) return false;
  if (sched_setaffinity(0, sizeof(allowed), &allowed) == 0) return true;
  cpu_set_t all;  // what was allowed has changed meanwhile: the system takes what it allows now
  std::memset(&all, 0xff, sizeof(all));
  sched_setaffinity(0, sizeof(all), &all);
  return true;
}

}  // namespace

void Placement::note(uint32_t thread) {
  seats_[thread].processor.store(sched_getcpu(), std::memory_order_relaxed);
}

void Placement::spread(uint32_t thread) {
  Seat& own = seats_[thread];
  const int here = sched_getcpu();
  own.processor.store(here, std::memory_order_relaxed);
  if (here < 0) return;
  bool shared = false;
  for (uint32_t i = 0; i < thread; i++) shared |= seats_[i].processor.load(std::memory_order_relaxed) == here;
  if (!shared) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - own.moved < kBetweenMoves) return;
  own.moved = now;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;  // more processors than the set has room for
  cpu_set_t wanted = allowed;
  for (const Seat& seat : seats_) {
    const int processor = seat.processor.load(std::memory_order_relaxed);
    if (processor >= 0 && processor < CPU_SETSIZE) CPU_CLR(processor, &wanted);
  }
  if (CPU_COUNT(&wanted) == 0 || !moveTo(wanted, allowed)) return;
  own.processor.store(sched_getcpu(), std::memory_order_relaxed);
}

#else

void Placement::note(uint32_t) {}
void Placement::spread(uint32_t) {}

#endif

}  // namespace metal_core
