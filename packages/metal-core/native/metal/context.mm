#include "context.h"

#include "../error.h"
#include "text.h"

namespace metal_core {
namespace {

// Command buffers that may exist at once; more than the stream has in flight.
constexpr NSUInteger kCommandBuffers = 64;

Retained<id<MTLDevice>> anyDevice() {
  auto device = Retained<id<MTLDevice>>::adopt(MTLCreateSystemDefaultDevice());
  if (device) return device;
  // A session without a display (ssh, CI) may have no default device and yet a GPU.
  const auto all = Retained<NSArray<id<MTLDevice>>*>::adopt(MTLCopyAllDevices());
  if ([all.get() count] > 0) return Retained<id<MTLDevice>>::share([all.get() objectAtIndex:0]);
  throw Error(ErrorCode::kUnavailable, "[createDevice] expected a GPU with Metal, got none from the system; a virtual "
                                       "machine needs one that is passed through");
}

// All of Apple silicon is of family Apple7 or newer: simd reductions, simdgroup matrices, bfloat. The GPU that macOS shows in
// a virtual machine ("Apple Paravirtual device", also on GitHub's runners) is of Apple5 and has none of them.
Retained<id<MTLDevice>> openDevice() {
  auto device = anyDevice();
  if ([device.get() supportsFamily:MTLGPUFamilyApple7]) return device;
  throw Error(ErrorCode::kUnavailable, "[createDevice] expected a GPU of family Apple7 or newer, got '" +
                                           fromFoundation([device.get() name]) +
                                           "'; a virtual machine's is older: leave it, or take the cpu device");
}

}  // namespace

MetalContext::MetalContext() : device_(openDevice()) {
  queue_ = Retained<id<MTLCommandQueue>>::adopt([device() newCommandQueueWithMaxCommandBufferCount:kCommandBuffers]);
  if (queue_) nothing_ = newBuffer(256, MTLResourceStorageModePrivate);
  if (!queue_ || !nothing_) {
    throw Error(ErrorCode::kUnavailable, "[createDevice] expected a Metal command queue, got none; the system may have "
                                         "no memory left for it");
  }
  queue().label = @"metal-core";
  residency_ = std::make_unique<Residency>(device(), queue());
  staging_ = std::make_unique<Staging>(device());
}

MetalContext::~MetalContext() {
  const AutoreleasePool pool;  // whichever thread lets go of it last
  staging_.reset();
  residency_.reset();
  nothing_ = {};
  queue_ = {};
  device_ = {};
}

Retained<id<MTLBuffer>> MetalContext::newBuffer(uint64_t byteLength, MTLResourceOptions options) const {
  return Retained<id<MTLBuffer>>::adopt([device() newBufferWithLength:byteLength options:options]);
}

}  // namespace metal_core
