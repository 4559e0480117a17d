#include "harness.h"

namespace {

// Two dispatches that write the same numbers in one encoder; `between` may order them.
std::string twice(MTLDispatchType type, void (^between)(id<MTLComputeCommandEncoder>, id<MTLBuffer>)) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> numbers = shared(gpu, 16);
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDispatchType:type];
  EXPECT(encoder.dispatchType == type);
  increment(encoder, numbers);
  if (between) between(encoder, numbers);
  increment(encoder, numbers);
  [encoder endEncoding];
  const std::string error = finish(commands);
  EXPECT(!error.empty() || static_cast<float*>(numbers.contents)[3] == 2);
  return error;
}

// The same in two encoders.
std::string inTwoEncoders(MTLResourceOptions options, bool fenced) {
  id<MTLDevice> gpu = device();
  id<MTLFence> fence = [[gpu newFence] autorelease];
  id<MTLBuffer> numbers = [[gpu newBufferWithLength:16 options:options] autorelease];
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  increment(encoder, numbers);
  if (fenced) [encoder updateFence:fence];
  [encoder endEncoding];
  encoder = [commands computeCommandEncoder];
  if (fenced) [encoder waitForFence:fence];
  increment(encoder, numbers);
  [encoder endEncoding];
  return finish(commands);
}

}  // namespace

CASE(serial_encoder) { EXPECT(twice(MTLDispatchTypeSerial, nil) == ""); }

CASE(concurrent_encoder) {
  EXPECT_IN("race in increment", twice(MTLDispatchTypeConcurrent, nil));
  void (^scope)(id<MTLComputeCommandEncoder>, id<MTLBuffer>) = ^(id<MTLComputeCommandEncoder> encoder, id<MTLBuffer>) {
    [encoder memoryBarrierWithScope:MTLBarrierScopeBuffers];
  };
  EXPECT(twice(MTLDispatchTypeConcurrent, scope) == "");
  EXPECT(twice(MTLDispatchTypeConcurrent, ^(id<MTLComputeCommandEncoder> encoder, id<MTLBuffer> buffer) {
           const id<MTLResource> resources[] = {buffer};
           [encoder memoryBarrierWithResources:resources count:1];
         }) == "");
  // Textures are not what is written here.
  EXPECT_IN("race", twice(MTLDispatchTypeConcurrent, ^(id<MTLComputeCommandEncoder> encoder, id<MTLBuffer>) {
              [encoder memoryBarrierWithScope:MTLBarrierScopeTextures];
            }));
  MTLSimTakeStatistics();
  MTLSimIgnoreBarriers(true);
  EXPECT_IN("race", twice(MTLDispatchTypeConcurrent, scope));
  EXPECT(twice(MTLDispatchTypeSerial, nil) == "");
  MTLSimIgnoreBarriers(false);
  const MTLSimStatistics statistics = MTLSimTakeStatistics();
  EXPECT(statistics.dispatches == 4 && statistics.barriers == 1 && statistics.computeEncoders == 2 &&
         statistics.commandBuffers == 2);
}

CASE(encoders) {
  EXPECT(inTwoEncoders(0, false) == "");
  EXPECT_IN("race", inTwoEncoders(MTLResourceHazardTrackingModeUntracked, false));
  EXPECT(inTwoEncoders(MTLResourceHazardTrackingModeUntracked, true) == "");
}
