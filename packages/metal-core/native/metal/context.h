// What everything of a Metal device shares, and what outlives the device itself: buffers and graphs may be collected
// after it was disposed.
#ifndef METAL_CORE_METAL_CONTEXT_H
#define METAL_CORE_METAL_CONTEXT_H

#import <Metal/Metal.h>

#include <memory>

#include "residency.h"
#include "retained.h"
#include "staging.h"

namespace metal_core {

class MetalContext {
 public:
  // Opens the system's GPU, of family Apple7 or newer. Throws Error (kUnavailable).
  MetalContext();
  ~MetalContext();
  MetalContext(const MetalContext&) = delete;
  MetalContext& operator=(const MetalContext&) = delete;

  id<MTLDevice> device() const { return device_.get(); }
  id<MTLCommandQueue> queue() const { return queue_.get(); }
  Residency& residency() { return *residency_; }
  Staging& staging() { return *staging_; }
  // Bound to optional arguments that are left out.
  id<MTLBuffer> nothing() const { return nothing_.get(); }

  // A buffer of its own, not in the residency set. nil when there is no memory.
  Retained<id<MTLBuffer>> newBuffer(uint64_t byteLength, MTLResourceOptions options) const;

 private:
  Retained<id<MTLDevice>> device_;
  Retained<id<MTLCommandQueue>> queue_;
  Retained<id<MTLBuffer>> nothing_;
  std::unique_ptr<Residency> residency_;
  std::unique_ptr<Staging> staging_;
};

}  // namespace metal_core
#endif
