#include <cstring>

#include "harness.h"

// Commits decide the order of a queue, `enqueue` does before them.
CASE(commit_order) {
  id<MTLDevice> gpu = device();
  id<MTLCommandQueue> one = queue(gpu);
  auto* order = new std::string;
  const auto named = [&](char name) {
    id<MTLCommandBuffer> commands = [one commandBuffer];
    [commands addScheduledHandler:^(id<MTLCommandBuffer> buffer) {
      EXPECT(buffer.status == MTLCommandBufferStatusScheduled);
      *order += name;
    }];
    [commands addCompletedHandler:^(id<MTLCommandBuffer> buffer) {
      EXPECT(buffer == commands && buffer.status == MTLCommandBufferStatusCompleted);
      *order += static_cast<char>(name - 'a' + 'A');
    }];
    return commands;
  };
  id<MTLCommandBuffer> a = named('a'), b = named('b'), c = named('c');
  EXPECT(a.status == MTLCommandBufferStatusNotEnqueued);
  [b enqueue];
  EXPECT(b.status == MTLCommandBufferStatusEnqueued);
  [a commit];
  [c commit];
  [b commit];
  [c waitUntilCompleted];
  EXPECT(*order == "bBaAcC");
  delete order;
}

CASE(events) {
  id<MTLDevice> gpu = device();
  id<MTLSharedEvent> event = [[gpu newSharedEvent] autorelease];
  id<MTLEvent> inner = [[gpu newEvent] autorelease];
  id<MTLBuffer> numbers = shared(gpu, 16);
  id<MTLCommandQueue> first = queue(gpu), second = queue(gpu);
  // The later queue begins, and waits for the earlier.
  id<MTLCommandBuffer> waits = [second commandBuffer];
  [waits encodeWaitForEvent:inner value:1];
  id<MTLComputeCommandEncoder> encoder = [waits computeCommandEncoder];
  increment(encoder, numbers);
  [encoder endEncoding];
  [waits encodeSignalEvent:event value:7];
  [waits commit];
  EXPECT(![event waitUntilSignaledValue:7 timeoutMS:20]);

  id<MTLCommandBuffer> signals = [first commandBuffer];
  [signals encodeWaitForEvent:event value:3];
  id<MTLBlitCommandEncoder> blit = [signals blitCommandEncoder];
  [blit fillBuffer:numbers range:NSMakeRange(0, 16) value:0];
  [blit endEncoding];
  [signals encodeSignalEvent:inner value:1];
  [signals commit];
  event.signaledValue = 3;
  EXPECT([event waitUntilSignaledValue:7 timeoutMS:60000] && event.signaledValue == 7);
  [waits waitUntilCompleted];
  EXPECT(errorOf(waits) == "" && errorOf(signals) == "" && static_cast<float*>(numbers.contents)[0] == 1);

  configure("checked", 0.05);
  id<MTLCommandBuffer> never = [first commandBuffer];
  [never encodeWaitForEvent:event value:100];
  [never commit];
  [never waitUntilCompleted];
  EXPECT(never.error.code == MTLCommandBufferErrorTimeout);
}

// Several queues at work from their own threads, with everything released while it runs.
CASE(queues) {
  id<MTLDevice> gpu = device();
  std::vector<id<MTLBuffer>> buffers;
  std::vector<id<MTLCommandBuffer>> last;
  for (int i = 0; i < 4; ++i) buffers.push_back(shared(gpu, 16));
  for (int i = 0; i < 4; ++i) {
    @autoreleasepool {
      id<MTLCommandQueue> one = [[gpu newCommandQueueWithMaxCommandBufferCount:2] autorelease];
      for (int k = 0; k < 5; ++k) {
        id<MTLCommandBuffer> commands = k % 2 ? [one commandBuffer] : [one commandBufferWithUnretainedReferences];
        EXPECT(commands.retainedReferences == (k % 2 == 1) && commands.commandQueue == one);
        id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
        increment(encoder, buffers[static_cast<size_t>(i)]);
        [encoder endEncoding];
        [commands commit];
        if (k == 4) last.push_back([commands retain]);
      }
    }
  }
  for (id<MTLCommandBuffer> commands : last) {
    [commands waitUntilCompleted];
    EXPECT(errorOf(commands) == "");
    [commands release];
  }
  for (id<MTLBuffer> buffer : buffers) EXPECT(static_cast<float*>(buffer.contents)[3] == 5);
}

CASE(faults) {
  id<MTLDevice> gpu = device();
  id<MTLCommandQueue> one = queue(gpu);
  MTLSimFail(MTLSimFailNextCommandBufferOutOfMemory, 1);
  EXPECT(finish([one commandBuffer]) == "");
  id<MTLCommandBuffer> poor = [one commandBuffer];
  EXPECT_IN("Insufficient Memory", finish(poor));
  EXPECT(poor.error.code == MTLCommandBufferErrorOutOfMemory && poor.status == MTLCommandBufferStatusError);
  EXPECT(finish([one commandBuffer]) == "");
  MTLSimFail(MTLSimFailNextCommandBufferDeviceRemoved);
  finish([one commandBuffer]);
  id<MTLCommandBuffer> later = [one commandBuffer];
  finish(later);
  EXPECT(later.error.code == MTLCommandBufferErrorDeviceRemoved && shared(gpu, 4) == nil && shared(device(), 4) != nil);
}

CASE(encoder_states) {
  id<MTLDevice> gpu = device();
  MTLCommandBufferDescriptor* descriptor = [[[MTLCommandBufferDescriptor alloc] init] autorelease];
  descriptor.errorOptions = MTLCommandBufferErrorOptionEncoderExecutionStatus;
  id<MTLCommandBuffer> commands = [queue(gpu) commandBufferWithDescriptor:descriptor];
  id<MTLBuffer> numbers = shared(gpu, 16);
  for (const char* name : {"good", "bad"}) {
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
    encoder.label = [NSString stringWithUTF8String:name];
    [encoder insertDebugSignpost:@"here"];
    [encoder setComputePipelineState:pipeline(gpu, "increment")];
    [encoder setBuffer:numbers offset:std::strcmp(name, "bad") == 0 ? 4 : 0 atIndex:0];
    [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
    [encoder endEncoding];
  }
  EXPECT_IN("out-of-bounds in increment (bad)", finish(commands));
  NSArray<id<MTLCommandBufferEncoderInfo>>* infos =
      [commands.error.userInfo objectForKey:MTLCommandBufferEncoderInfoErrorKey];
  EXPECT(infos.count == 2 && [infos.firstObject.label isEqualToString:@"good"] &&
         [infos.lastObject.debugSignposts containsObject:@"here"]);
  EXPECT(infos.lastObject.errorState == MTLCommandEncoderErrorStateFaulted);
  EXPECT(infos.firstObject.errorState == MTLCommandEncoderErrorStateAffected);
}

CASE(residency) {
  id<MTLDevice> gpu = device();
  MTLResidencySetDescriptor* descriptor = [[[MTLResidencySetDescriptor alloc] init] autorelease];
  descriptor.label = @"all";
  NSError* error = nil;
  id<MTLResidencySet> set = [[gpu newResidencySetWithDescriptor:descriptor error:&error] autorelease];
  id<MTLBuffer> numbers = shared(gpu, 16);
  [set addAllocation:numbers];
  EXPECT(set.allocatedSize == 0 && set.allocationCount == 1 && [set containsAllocation:numbers]);
  [set commit];
  [set requestResidency];
  EXPECT(set.allocatedSize == numbers.allocatedSize && numbers.retainCount >= 3);
  id<MTLCommandQueue> one = queue(gpu);
  [one addResidencySet:set];
  id<MTLCommandBuffer> commands = [one commandBuffer];
  [commands useResidencySet:set];
  EXPECT(finish(commands) == "");
  [one removeResidencySet:set];
  [set removeAllAllocations];
  [set commit];
  EXPECT(set.allAllocations.count == 0);

  MTLSimSetOperatingSystem(14, 2);
  EXPECT(![gpu respondsToSelector:@selector(newResidencySetWithDescriptor:error:)] &&
         NSProcessInfo.processInfo.operatingSystemVersion.majorVersion == 14);
  EXPECT(![one respondsToSelector:@selector(addResidencySet:)] && [gpu respondsToSelector:@selector(newFence)]);
  EXPECT(![NSProcessInfo.processInfo isOperatingSystemAtLeastVersion:(NSOperatingSystemVersion){15, 0, 0}]);
}
