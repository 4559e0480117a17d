#ifndef METAL_SIM_OBJC_COUNTER_SAMPLES_H
#define METAL_SIM_OBJC_COUNTER_SAMPLES_H

#include <cstdint>
#include <memory>
#include <vector>

#include "base.h"

@interface SimCounter : NSObject <MTLCounter>
@end
@interface SimCounterSet : NSObject <MTLCounterSet>
@end
@interface SimCounterSampleBuffer : SimObject <MTLCounterSampleBuffer>
@end

namespace metal_sim {

class Samples {
 public:
  explicit Samples(size_t count) : values_(count, MTLCounterErrorValue) {}
  size_t size() const { return values_.size(); }
  void set(size_t index, uint64_t value);
  std::vector<uint64_t> range(size_t from, size_t count);

 private:
  std::mutex mutex_;
  std::vector<uint64_t> values_;
};

// Nanoseconds of the clock that timestamps, GPUStartTime and the runner have in common.
uint64_t now();

// The one set that there is: timestamps. Autoreleased.
NSArray* counterSets();
// Retained; nil with `*error` set.
id<MTLCounterSampleBuffer> makeSampleBuffer(id<MTLDevice> device, MTLCounterSampleBufferDescriptor* descriptor,
                                            NSError** error);
std::shared_ptr<Samples> samplesOf(id<MTLCounterSampleBuffer> buffer);

}  // namespace metal_sim
#endif
