// Start and end of encoders on the GPU, through counter sample buffers.
#ifndef METAL_CORE_METAL_TIMESTAMPS_H
#define METAL_CORE_METAL_TIMESTAMPS_H

#import <Metal/Metal.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "retained.h"

namespace metal_core {

// Turns ticks of the GPU into nanoseconds of the clock of GPUStartTime: a line through two simultaneous samples.
class GpuClock {
 public:
  explicit GpuClock(id<MTLDevice> device);
  // Takes the second sample: now.
  void calibrate(id<MTLDevice> device);
  int64_t toNs(uint64_t ticks) const;

 private:
  MTLTimestamp firstCpu_ = 0, firstGpu_ = 0, cpu_ = 0, gpu_ = 0;
};

// For the encoders of one command buffer.
class Timestamps {
 public:
  // Two samples an encoder, of 8 bytes each: half of the 32 KB that one sample buffer may have.
  static constexpr size_t kMostEncoders = 1024;

  // null when the device has none (older GPUs sample elsewhere than at an encoder's ends).
  static std::shared_ptr<Timestamps> make(id<MTLDevice> device, size_t encoders);

  // Opens encoder i with its two samples.
  id<MTLComputeCommandEncoder> encoder(id<MTLCommandBuffer> commands, size_t i) const;
  // Ticks: start and end of each encoder, once the command buffer has completed; empty when they cannot be read.
  std::vector<uint64_t> ticks() const;

 private:
  Timestamps(Retained<id<MTLCounterSampleBuffer>> samples, size_t encoders)
      : samples_(std::move(samples)), encoders_(encoders) {}
  Retained<id<MTLCounterSampleBuffer>> samples_;
  size_t encoders_;
};

}  // namespace metal_core
#endif
