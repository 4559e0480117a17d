// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSRange.h>
#import <Metal/MTLCommandBuffer.h>
#import <Metal/MTLCommandEncoder.h>
#import <Metal/MTLTypes.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLBuffer;
@protocol MTLComputePipelineState;
@protocol MTLCounterSampleBuffer;
@protocol MTLFence;
@protocol MTLResource;

typedef struct {
  uint32_t threadgroupsPerGrid[3];
} MTLDispatchThreadgroupsIndirectArguments;

API_AVAILABLE(macos(10.11))
@protocol MTLComputeCommandEncoder <MTLCommandEncoder>
@property (readonly) MTLDispatchType dispatchType API_AVAILABLE(macos(10.14));
- (void)setComputePipelineState:(id<MTLComputePipelineState>)argument0;
- (void)setBytes:(const void *)argument0 length:(NSUInteger)argument1 atIndex:(NSUInteger)argument2;
- (void)setBuffer:(id<MTLBuffer> _Nullable)argument0 offset:(NSUInteger)argument1 atIndex:(NSUInteger)argument2;
- (void)setBufferOffset:(NSUInteger)argument0 atIndex:(NSUInteger)argument1;
- (void)setBuffers:(const id<MTLBuffer> _Nullable [_Nonnull])argument0 offsets:(const NSUInteger [_Nonnull])argument1 withRange:(NSRange)argument2;
- (void)setThreadgroupMemoryLength:(NSUInteger)argument0 atIndex:(NSUInteger)argument1;
- (void)dispatchThreadgroups:(MTLSize)argument0 threadsPerThreadgroup:(MTLSize)argument1;
- (void)dispatchThreadgroupsWithIndirectBuffer:(id<MTLBuffer>)argument0 indirectBufferOffset:(NSUInteger)argument1 threadsPerThreadgroup:(MTLSize)argument2;
- (void)dispatchThreads:(MTLSize)argument0 threadsPerThreadgroup:(MTLSize)argument1 API_AVAILABLE(macos(10.13));
- (void)updateFence:(id<MTLFence>)argument0 API_AVAILABLE(macos(10.13));
- (void)waitForFence:(id<MTLFence>)argument0 API_AVAILABLE(macos(10.13));
- (void)useResource:(id<MTLResource>)argument0 usage:(MTLResourceUsage)argument1 API_AVAILABLE(macos(10.13));
- (void)useResources:(const id<MTLResource> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1 usage:(MTLResourceUsage)argument2 API_AVAILABLE(macos(10.13));
- (void)memoryBarrierWithScope:(MTLBarrierScope)argument0 API_AVAILABLE(macos(10.14));
- (void)memoryBarrierWithResources:(const id<MTLResource> _Nonnull [_Nonnull])argument0 count:(NSUInteger)argument1 API_AVAILABLE(macos(10.14));
- (void)sampleCountersInBuffer:(id<MTLCounterSampleBuffer>)argument0 atSampleIndex:(NSUInteger)argument1 withBarrier:(BOOL)argument2 API_AVAILABLE(macos(10.15));
@end

NS_ASSUME_NONNULL_END
