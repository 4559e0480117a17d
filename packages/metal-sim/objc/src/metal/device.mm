#include "device.h"

#include <unistd.h>

#include <atomic>

#include "buffer.h"
#include "configuration.h"
#include "fence.h"
#include "queue.h"
#include "residency.h"

namespace {

std::atomic<uint64_t> nextRegistryId = 0x100000001;

struct DeviceState : metal_sim::State {
  const uint64_t registryId = nextRegistryId++;
  const std::string name = metal_sim::configuration().deviceName;
  std::atomic<bool> removed = false;
};

DeviceState& state(id device) { return metal_sim::stateOf<DeviceState>(device); }

}  // namespace

namespace metal_sim {

ExecutionResult attempt(id<MTLDevice> device, CommandList& list) {
  ExecutionResult result;
  result.start = result.end = now();
  if (takeFault(MTLSimFailNextCommandBufferDeviceRemoved)) state(device).removed = true;
  if (state(device).removed) {
    result.code = MTLCommandBufferErrorDeviceRemoved;
    result.message = "Device was removed (a fault that was asked for)";
  } else if (takeFault(MTLSimFailNextCommandBufferOutOfMemory)) {
    result.code = MTLCommandBufferErrorOutOfMemory;
    result.message = "Insufficient Memory (a fault that was asked for)";
  } else {
    result = Execution(list).run();
  }
  return result;
}

}  // namespace metal_sim

id<MTLDevice> MTLCreateSystemDefaultDevice() { return metal_sim::withState<DeviceState>([SimDevice alloc]); }

NSArray<id<MTLDevice>>* MTLCopyAllDevices() {
  id<MTLDevice> device = MTLCreateSystemDefaultDevice();
  NSArray* devices = [[NSArray alloc] initWithObjects:&device count:1];
  [device release];
  return devices;
}

@implementation SimDevice

- (NSString*)name {
  return metal_sim::string(state(self).name);
}

- (uint64_t)registryID {
  return state(self).registryId;
}

- (MTLSize)maxThreadsPerThreadgroup {
  return MTLSizeMake(1024, 1024, 1024);
}

- (NSUInteger)maxThreadgroupMemoryLength {
  return 32768;
}

- (NSUInteger)maxBufferLength {
  return metal_sim::maxBufferLength();
}

- (uint64_t)recommendedMaxWorkingSetSize {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 4 * 3;
}

- (NSUInteger)currentAllocatedSize {
  return metal_sim::Memory::allocated;
}

- (BOOL)hasUnifiedMemory {
  return YES;
}

- (BOOL)isLowPower {
  return NO;
}

- (BOOL)isHeadless {
  return NO;
}

- (BOOL)isRemovable {
  return NO;
}

- (MTLDeviceLocation)location {
  return MTLDeviceLocationBuiltIn;
}

- (uint64_t)maxTransferRate {
  return 0;
}

// What an M1 has: bfloat and simdgroup matrices are used by kernels for it.
- (BOOL)supportsFamily:(MTLGPUFamily)family {
  return (family >= MTLGPUFamilyApple1 && family <= MTLGPUFamilyApple7) ||
         (family >= MTLGPUFamilyCommon1 && family <= MTLGPUFamilyCommon3) || family == MTLGPUFamilyMac2 ||
         family == MTLGPUFamilyMetal3;
}

- (id<MTLCommandQueue>)newCommandQueue {
  return [self newCommandQueueWithMaxCommandBufferCount:64];
}

- (id<MTLCommandQueue>)newCommandQueueWithMaxCommandBufferCount:(NSUInteger)count {
  if (!metal_sim::require(count > 0, "-[MTLDevice newCommandQueueWithMaxCommandBufferCount:]",
                          "the count must not be 0"))
    return nil;
  return metal_sim::makeQueue(self, count);
}

- (id<MTLBuffer>)newBufferWithLength:(NSUInteger)length options:(MTLResourceOptions)options {
  if (state(self).removed) return nil;
  return metal_sim::makeBuffer(self, nullptr, length, options, "-[MTLDevice newBufferWithLength:options:]");
}

- (id<MTLBuffer>)newBufferWithBytes:(const void*)bytes length:(NSUInteger)length options:(MTLResourceOptions)options {
  if (state(self).removed) return nil;
  return metal_sim::makeBuffer(self, bytes, length, options, "-[MTLDevice newBufferWithBytes:length:options:]");
}

- (id<MTLBuffer>)newBufferWithBytesNoCopy:(void*)bytes
                                   length:(NSUInteger)length
                                  options:(MTLResourceOptions)options
                              deallocator:(void (^)(void*, NSUInteger))deallocator {
  if (state(self).removed) return nil;
  return metal_sim::wrapBuffer(self, bytes, length, options, deallocator);
}

- (id<MTLFence>)newFence {
  return metal_sim::makeFence(self);
}

- (id<MTLEvent>)newEvent {
  return metal_sim::makeEvent(self);
}

- (id<MTLSharedEvent>)newSharedEvent {
  return metal_sim::makeSharedEvent(self);
}

- (id<MTLResidencySet>)newResidencySetWithDescriptor:(MTLResidencySetDescriptor*)descriptor
                                               error:(NSError**)METAL_SIM_UNUSED error {
  return metal_sim::makeResidencySet(self, descriptor);
}

- (void)sampleTimestamps:(MTLTimestamp*)cpuTimestamp gpuTimestamp:(MTLTimestamp*)gpuTimestamp {
  *cpuTimestamp = *gpuTimestamp = metal_sim::now();
}

- (NSArray*)counterSets {
  return metal_sim::counterSets();
}

- (BOOL)supportsCounterSampling:(MTLCounterSamplingPoint)point {
  return point == MTLCounterSamplingPointAtStageBoundary;
}

- (id<MTLCounterSampleBuffer>)newCounterSampleBufferWithDescriptor:(MTLCounterSampleBufferDescriptor*)descriptor
                                                             error:(NSError**)error {
  return metal_sim::makeSampleBuffer(self, descriptor, error);
}

- (BOOL)respondsToSelector:(SEL)selector {
  return metal_sim::withheld(selector, { @selector(newResidencySetWithDescriptor:error:) })
             ? NO
             : [super respondsToSelector:selector];
}

@end
