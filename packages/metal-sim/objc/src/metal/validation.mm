#include "validation.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#import <MetalSim/MetalSim.h>

namespace {

std::atomic<MTLSimValidation> behaviour = MTLSimValidationAbort;

struct Recorded {
  std::mutex mutex;
  std::vector<std::string> messages;
};

Recorded& recorded() {
  static auto* const only = new Recorded;
  return *only;
}

}  // namespace

void metal_sim::reject(const char* method, const std::string& message) {
  const std::string text = std::string(method) + ": " + message;
  if (behaviour == MTLSimValidationAbort) {
    std::fprintf(stderr, "metal-sim: failed assertion `%s'\n", text.c_str());
    std::abort();
  }
  std::lock_guard lock(recorded().mutex);
  recorded().messages.push_back(text);
}

void MTLSimSetValidation(MTLSimValidation validation) { behaviour = validation; }

std::vector<std::string> MTLSimValidationErrors() {
  std::lock_guard lock(recorded().mutex);
  return std::exchange(recorded().messages, {});
}
