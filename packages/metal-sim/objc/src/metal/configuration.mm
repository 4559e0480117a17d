#include "configuration.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "../foundation/live_objects.h"
#include "../foundation/runtime.h"
#include "idle.h"

namespace {

struct Settings {
  std::mutex mutex;
  MetalSimConfiguration configuration;
  NSOperatingSystemVersion system = {15, 0, 0};
  std::map<MTLSimFault, unsigned> faults;
  std::atomic<bool> ignoreBarriers = false;
};

// Never destroyed: threads of queues may outlive main().
Settings& settings() {
  static auto* const only = new Settings;
  return *only;
}

}  // namespace

namespace metal_sim {

MetalSimConfiguration configuration() {
  std::lock_guard lock(settings().mutex);
  return settings().configuration;
}

NSOperatingSystemVersion operatingSystem() {
  std::lock_guard lock(settings().mutex);
  return settings().system;
}

bool takeFault(MTLSimFault fault) {
  std::lock_guard lock(settings().mutex);
  const auto found = settings().faults.find(fault);
  if (found == settings().faults.end()) return false;
  if (found->second > 0) {
    --found->second;
    return false;
  }
  settings().faults.erase(found);
  return true;
}

bool ignoreBarriers() { return settings().ignoreBarriers; }

bool withheld(SEL selector, std::initializer_list<SEL> later) {
  if (operatingSystem().majorVersion >= 15) return false;
  // Of one name there may be several SELs.
  return std::ranges::any_of(later, [&](SEL entry) { return sel_isEqual(selector, entry); });
}

Counters& counters() {
  static auto* const only = new Counters;
  return *only;
}

}  // namespace metal_sim

void metal_sim_configure(const MetalSimConfiguration& configuration) {
  std::lock_guard lock(settings().mutex);
  settings().configuration = configuration;
}

std::map<std::string, size_t> MTLSimLiveObjects() {
  metal_sim::waitUntilIdle();
  return metal_sim::liveObjects();
}

void MTLSimFail(MTLSimFault fault, unsigned skip) {
  std::lock_guard lock(settings().mutex);
  settings().faults[fault] = skip;
}

void MTLSimClearFaults() {
  std::lock_guard lock(settings().mutex);
  settings().faults.clear();
}

void MTLSimSetOperatingSystem(int major, int minor) {
  std::lock_guard lock(settings().mutex);
  settings().system = {major, minor, 0};
}

MTLSimStatistics MTLSimTakeStatistics() {
  auto& counters = metal_sim::counters();
  return {counters.commandBuffers.exchange(0), counters.computeEncoders.exchange(0),
          counters.blitEncoders.exchange(0),   counters.dispatches.exchange(0),
          counters.barriers.exchange(0),       counters.librariesWithFastMath.exchange(0)};
}

void MTLSimIgnoreBarriers(bool ignore) { settings().ignoreBarriers = ignore; }
