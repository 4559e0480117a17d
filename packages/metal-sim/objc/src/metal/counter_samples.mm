#include "counter_samples.h"

#include <ctime>

#include "property.h"

MTLCommonCounter MTLCommonCounterTimestamp = @"GPUTimestamp";
MTLCommonCounterSet MTLCommonCounterSetTimestamp = @"timestamp";
MTLCommonCounterSet MTLCommonCounterSetStageUtilization = @"stageutilization";
MTLCommonCounterSet MTLCommonCounterSetStatistic = @"statistic";
NSErrorDomain const MTLCounterErrorDomain = @"MTLCounterErrorDomain";

using metal_sim::Samples;

namespace {

struct SamplesState : metal_sim::DeviceObject {
  SamplesState(id<MTLDevice> device, size_t count) : DeviceObject(device), samples(std::make_shared<Samples>(count)) {}
  std::shared_ptr<Samples> samples;
};

struct Descriptor : metal_sim::State {
  metal_sim::Strong<id<MTLCounterSet>> counterSet;
  metal_sim::Strong<NSString*> label;
  MTLStorageMode storageMode = MTLStorageModeShared;
  NSUInteger sampleCount = 0;
};

Descriptor& state(id descriptor) { return metal_sim::stateOf<Descriptor>(descriptor); }

constexpr NSUInteger kMostSamples = 4096;  // 32 KB, as Apple GPUs have it

}  // namespace

namespace metal_sim {

void Samples::set(size_t index, uint64_t value) {
  std::lock_guard lock(mutex_);
  values_.at(index) = value;
}

std::vector<uint64_t> Samples::range(size_t from, size_t count) {
  std::lock_guard lock(mutex_);
  return {values_.begin() + static_cast<ptrdiff_t>(from), values_.begin() + static_cast<ptrdiff_t>(from + count)};
}

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

NSArray* counterSets() { return [NSArray arrayWithObject:[[[SimCounterSet alloc] init] autorelease]]; }

id<MTLCounterSampleBuffer> makeSampleBuffer(id<MTLDevice> device, MTLCounterSampleBufferDescriptor* descriptor,
                                            NSError** error) {
  std::string wrong;
  if (![descriptor.counterSet.name isEqualToString:MTLCommonCounterSetTimestamp])
    wrong = "the counter set is not supported";
  if (descriptor.sampleCount == 0 || descriptor.sampleCount > kMostSamples) {
    wrong = "sampleCount is not within 1 and " + std::to_string(kMostSamples);
  }
  if (!wrong.empty()) {
    tell(error, metal_sim::error(MTLCounterErrorDomain, MTLCounterSampleBufferErrorInvalid, wrong));
    return nil;
  }
  SimCounterSampleBuffer* buffer =
      withState<SamplesState>([SimCounterSampleBuffer alloc], device, descriptor.sampleCount);
  buffer.label = descriptor.label;
  return buffer;
}

std::shared_ptr<Samples> samplesOf(id<MTLCounterSampleBuffer> buffer) { return stateOf<SamplesState>(buffer).samples; }

}  // namespace metal_sim

@implementation SimCounter

- (NSString*)name {
  return MTLCommonCounterTimestamp;
}

@end

@implementation SimCounterSet

- (NSString*)name {
  return MTLCommonCounterSetTimestamp;
}

- (NSArray*)counters {
  return [NSArray arrayWithObject:[[[SimCounter alloc] init] autorelease]];
}

@end

@implementation MTLCounterSampleBufferDescriptor

- (instancetype)init {
  metal_sim::withState<Descriptor>(self);
  self.label = @"";
  return self;
}

METAL_SIM_OBJECT_PROPERTY(id<MTLCounterSet>, counterSet, setCounterSet, retain)
METAL_SIM_OBJECT_PROPERTY(NSString*, label, setLabel, copy)
METAL_SIM_PROPERTY(MTLStorageMode, storageMode, setStorageMode)
METAL_SIM_PROPERTY(NSUInteger, sampleCount, setSampleCount)

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLCounterSampleBufferDescriptor* copy = [[MTLCounterSampleBufferDescriptor alloc] init];
  state(copy) = state(self);
  return copy;
}

@end

@implementation SimCounterSampleBuffer

- (NSUInteger)sampleCount {
  return metal_sim::samplesOf(self)->size();
}

- (NSData*)resolveCounterRange:(NSRange)range {
  const auto samples = metal_sim::samplesOf(self);
  if (!metal_sim::require(range.location + range.length <= samples->size(),
                          "-[MTLCounterSampleBuffer resolveCounterRange:]", "the range ends beyond sampleCount")) {
    return nil;
  }
  // MTLCounterResultTimestamp has the one value.
  const std::vector<uint64_t> values = samples->range(range.location, range.length);
  return [NSData dataWithBytes:values.data() length:values.size() * sizeof(uint64_t)];
}

@end
