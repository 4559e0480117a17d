#include "timestamps.h"

#include <cstring>

namespace metal_core {
namespace {

id<MTLCounterSet> timestampSet(id<MTLDevice> device) {
  if (![device supportsCounterSampling:MTLCounterSamplingPointAtStageBoundary]) return nil;
  NSArray<id<MTLCounterSet>>* sets = [device counterSets];
  for (NSUInteger i = 0; i < [sets count]; i++) {
    id<MTLCounterSet> set = [sets objectAtIndex:i];
    if ([[set name] isEqualToString:MTLCommonCounterSetTimestamp]) return set;
  }
  return nil;
}

}  // namespace

GpuClock::GpuClock(id<MTLDevice> device) {
  [device sampleTimestamps:&firstCpu_ gpuTimestamp:&firstGpu_];
  cpu_ = firstCpu_;
  gpu_ = firstGpu_;
}

void GpuClock::calibrate(id<MTLDevice> device) { [device sampleTimestamps:&cpu_ gpuTimestamp:&gpu_]; }

int64_t GpuClock::toNs(uint64_t ticks) const {
  // The same moment twice (a profile right after the device was made): both clocks then count nanoseconds, as they do on
  // Apple's GPUs.
  const bool two = gpu_ > firstGpu_ && cpu_ > firstCpu_;
  const double slope = two ? static_cast<double>(cpu_ - firstCpu_) / static_cast<double>(gpu_ - firstGpu_) : 1.0;
  const auto since = static_cast<double>(static_cast<int64_t>(ticks - firstGpu_));
  return static_cast<int64_t>(firstCpu_) + static_cast<int64_t>(since * slope);
}

std::shared_ptr<Timestamps> Timestamps::make(id<MTLDevice> device, size_t encoders) {
  id<MTLCounterSet> set = timestampSet(device);
  if (!set) return nullptr;
  const auto descriptor =
      Retained<MTLCounterSampleBufferDescriptor*>::adopt([[MTLCounterSampleBufferDescriptor alloc] init]);
  descriptor.get().counterSet = set;
  descriptor.get().sampleCount = 2 * encoders;
  descriptor.get().storageMode = MTLStorageModeShared;
  auto samples = Retained<id<MTLCounterSampleBuffer>>::adopt(
      [device newCounterSampleBufferWithDescriptor:descriptor.get() error:nil]);
  if (!samples) return nullptr;
  return std::shared_ptr<Timestamps>(new Timestamps(std::move(samples), encoders));
}

id<MTLComputeCommandEncoder> Timestamps::encoder(id<MTLCommandBuffer> commands, size_t i) const {
  MTLComputePassDescriptor* pass = [MTLComputePassDescriptor computePassDescriptor];
  pass.dispatchType = MTLDispatchTypeSerial;
  MTLComputePassSampleBufferAttachmentDescriptor* attachment = [pass.sampleBufferAttachments objectAtIndexedSubscript:0];
  attachment.sampleBuffer = samples_.get();
  attachment.startOfEncoderSampleIndex = 2 * i;
  attachment.endOfEncoderSampleIndex = 2 * i + 1;
  return [commands computeCommandEncoderWithDescriptor:pass];
}

std::vector<uint64_t> Timestamps::ticks() const {
  NSData* data = [samples_.get() resolveCounterRange:NSMakeRange(0, 2 * encoders_)];
  std::vector<uint64_t> ticks;
  if ([data length] < 2 * encoders_ * sizeof(MTLCounterResultTimestamp)) return ticks;
  for (size_t i = 0; i < 2 * encoders_; i++) {
    MTLCounterResultTimestamp result;
    std::memcpy(&result, static_cast<const uint8_t*>([data bytes]) + i * sizeof result, sizeof result);
    if (result.timestamp == MTLCounterErrorValue) return {};
    ticks.push_back(result.timestamp);
  }
  return ticks;
}

}  // namespace metal_core
