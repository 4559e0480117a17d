#include "idle.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace {

struct Idle {
  std::mutex mutex;
  std::condition_variable changed;
  size_t inFlight = 0;
};

Idle& idle() {
  static auto* const only = new Idle;
  return *only;
}

}  // namespace

metal_sim::InFlight::InFlight() {
  std::lock_guard lock(idle().mutex);
  ++idle().inFlight;
}

metal_sim::InFlight::~InFlight() {
  std::lock_guard lock(idle().mutex);
  if (--idle().inFlight == 0) idle().changed.notify_all();
}

void metal_sim::waitUntilIdle() {
  std::unique_lock lock(idle().mutex);
  idle().changed.wait_for(lock, std::chrono::minutes(1), [] { return idle().inFlight == 0; });
}
