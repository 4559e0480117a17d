// What Apple's API validation rejects.
#include "harness.h"

namespace {

// What is rejected when `misuse` has an encoder with a working set-up of `kernel` and dispatches it.
std::string rejectedBy(const char* kernel, void (^misuse)(id<MTLComputeCommandEncoder>), NSUInteger threads = 4) {
  id<MTLDevice> gpu = device();
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  const float a = 1;
  [encoder setComputePipelineState:pipeline(gpu, kernel)];
  [encoder setBuffer:shared(gpu, 1024) offset:0 atIndex:0];
  [encoder setBuffer:shared(gpu, 1024) offset:0 atIndex:1];
  [encoder setBytes:&a length:sizeof a atIndex:2];
  misuse(encoder);
  [encoder dispatchThreadgroups:MTLSizeMake(1, 1, 1) threadsPerThreadgroup:MTLSizeMake(threads, 1, 1)];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  return rejected();
}

}  // namespace

CASE(unbound) {
  EXPECT(rejectedBy("axpy", ^(id<MTLComputeCommandEncoder>){
                    }) == "");
  EXPECT_IN("missing Buffer binding at index 1 for y[0]", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBuffer:nil offset:0 atIndex:1];
            }));
  EXPECT_IN("missing threadgroup memory length at index 0 for partial[0]", rejectedBy("total",
                                                                                      ^(id<MTLComputeCommandEncoder>){
                                                                                      },
                                                                                      32));
}

CASE(bytes) {
  EXPECT_IN("length (4097) must be within 1 and 4096", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              const std::vector<char> bytes(4097);
              [encoder setBytes:bytes.data() length:bytes.size() atIndex:2];
            }));
  EXPECT_IN("which the function writes to", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              const float four[4] = {};
              [encoder setBytes:four length:sizeof four atIndex:1];
            }));
  EXPECT_IN("less than the 4 of", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBytes:"ab" length:2 atIndex:2];
            }));
  EXPECT_IN("index (31) must be < 31", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBytes:"abcd" length:4 atIndex:31];
            }));
}

CASE(offsets) {
  EXPECT_IN("offset (1024) must be < length of the buffer (1024)",
            rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBuffer:shared(encoder.device, 1024) offset:1024 atIndex:0];
            }));
  EXPECT_IN("must be a multiple of 4", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBufferOffset:2 atIndex:0];
            }));
  EXPECT_IN("no buffer is set at index 5", rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBufferOffset:0 atIndex:5];
            }));
  // A constant buffer's too.
  EXPECT_IN("offset (6) at index 2 for a[0] must be a multiple of 4",
            rejectedBy("axpy", ^(id<MTLComputeCommandEncoder> encoder) {
              [encoder setBuffer:shared(encoder.device, 16) offset:6 atIndex:2];
            }));
}

CASE(threadgroups) {
  EXPECT_IN("must be <= 1024", rejectedBy("axpy",
                                          ^(id<MTLComputeCommandEncoder>){
                                          },
                                          1025));
  EXPECT_IN("must not be 0", rejectedBy("axpy",
                                        ^(id<MTLComputeCommandEncoder>){
                                        },
                                        0));
  EXPECT_IN("length (32784) must be <= 32768", rejectedBy(
                                                   "total",
                                                   ^(id<MTLComputeCommandEncoder> encoder) {
                                                     [encoder setThreadgroupMemoryLength:128 atIndex:0];
                                                     [encoder setThreadgroupMemoryLength:32784 atIndex:0];
                                                   },
                                                   32));
  EXPECT_IN("length (100) must be a multiple of 16", rejectedBy(
                                                         "total",
                                                         ^(id<MTLComputeCommandEncoder> encoder) {
                                                           [encoder setThreadgroupMemoryLength:128 atIndex:0];
                                                           [encoder setThreadgroupMemoryLength:100 atIndex:0];
                                                         },
                                                         32));
}

CASE(no_pipeline) {
  id<MTLCommandBuffer> commands = [queue(device()) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  [encoder dispatchThreads:MTLSizeMake(1, 1, 1) threadsPerThreadgroup:MTLSizeMake(1, 1, 1)];
  EXPECT_IN("no compute pipeline is set", rejected());
  [encoder endEncoding];
}

CASE(life_of_encoders) {
  id<MTLDevice> gpu = device();
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  EXPECT([commands blitCommandEncoder] == nil);
  EXPECT_IN("still encoding", rejected());
  [commands commit];
  EXPECT_IN("still encoding", rejected());
  [encoder endEncoding];
  [encoder setBuffer:shared(gpu, 4) offset:0 atIndex:0];
  EXPECT_IN("after endEncoding", rejected());
  [encoder endEncoding];
  EXPECT_IN("after endEncoding", rejected());
  [commands waitUntilCompleted];
  EXPECT_IN("not committed", rejected());
  [commands commit];
  [commands commit];
  EXPECT_IN("already committed", rejected());
  EXPECT([commands computeCommandEncoder] == nil);
  EXPECT_IN("already committed", rejected());
  [commands addCompletedHandler:^(id<MTLCommandBuffer>){
  }];
  EXPECT_IN("already committed", rejected());
  [commands waitUntilCompleted];
  @autoreleasepool {
    [[queue(gpu) commandBuffer] computeCommandEncoder];
  }
  EXPECT_IN("released without endEncoding", rejected());
}

CASE(unretained) {
  id<MTLDevice> gpu = device();
  id<MTLSharedEvent> event = [[gpu newSharedEvent] autorelease];
  id<MTLComputePipelineState> state = pipeline(gpu, "increment");
  for (const bool retained : {true, false}) {
    id<MTLBuffer> numbers = [gpu newBufferWithLength:16 options:0];
    id<MTLCommandQueue> one = queue(gpu);
    id<MTLCommandBuffer> commands = retained ? [one commandBuffer] : [one commandBufferWithUnretainedReferences];
    [commands encodeWaitForEvent:event value:retained ? 1 : 2];
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
    [encoder setComputePipelineState:state];
    [encoder setBuffer:numbers offset:0 atIndex:0];
    [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
    [encoder endEncoding];
    [commands commit];
    [numbers release];
    const std::string told = rejected();
    if (retained) {
      EXPECT(told == "");
    } else {
      EXPECT_IN("is released while a command buffer with unretained references uses it", told);
    }
    event.signaledValue = retained ? 1 : 2;
    [commands waitUntilCompleted];
    EXPECT(errorOf(commands) == "");
  }
}

// What only the runner can see: an argument whose presence follows from a function constant.
CASE(default_is_abort) {
  MTLSimSetValidation(MTLSimValidationAbort);
  [shared(device(), 4) didModifyRange:NSMakeRange(0, 4)];
}
