// Keeps large buffers wired between command buffers, on systems with residency sets (macOS 15): without one the system
// may unwire weights that a pause in decoding leaves unused, and wires each buffer again for each command buffer.
#ifndef METAL_CORE_METAL_RESIDENCY_H
#define METAL_CORE_METAL_RESIDENCY_H

#import <Metal/Metal.h>

#include <mutex>

#include "retained.h"

namespace metal_core {

class Residency {
 public:
  Residency(id<MTLDevice> device, id<MTLCommandQueue> queue);
  ~Residency();
  Residency(const Residency&) = delete;
  Residency& operator=(const Residency&) = delete;

  // From any thread. Small buffers are left to the system.
  void add(id<MTLBuffer> buffer);
  void remove(id<MTLBuffer> buffer);
  // Makes additions known; before a command buffer is committed.
  void update();

 private:
  std::mutex mutex_;
  Retained<id<MTLCommandQueue>> queue_;
  Retained<id> set_;  // id<MTLResidencySet>, a type that older SDKs do not have; nil: there are none
  [[maybe_unused]] bool changed_ = false;
};

}  // namespace metal_core
#endif
