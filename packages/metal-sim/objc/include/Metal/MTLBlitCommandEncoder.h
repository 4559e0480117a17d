// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSRange.h>
#import <Metal/MTLCommandEncoder.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLBuffer;
@protocol MTLCounterSampleBuffer;
@protocol MTLFence;
@protocol MTLResource;

API_AVAILABLE(macos(10.11))
@protocol MTLBlitCommandEncoder <MTLCommandEncoder>
- (void)fillBuffer:(id<MTLBuffer>)argument0 range:(NSRange)argument1 value:(uint8_t)argument2;
- (void)copyFromBuffer:(id<MTLBuffer>)argument0 sourceOffset:(NSUInteger)argument1 toBuffer:(id<MTLBuffer>)argument2 destinationOffset:(NSUInteger)argument3 size:(NSUInteger)argument4;
- (void)updateFence:(id<MTLFence>)argument0 API_AVAILABLE(macos(10.13));
- (void)waitForFence:(id<MTLFence>)argument0 API_AVAILABLE(macos(10.13));
- (void)synchronizeResource:(id<MTLResource>)argument0;
- (void)sampleCountersInBuffer:(id<MTLCounterSampleBuffer>)argument0 atSampleIndex:(NSUInteger)argument1 withBarrier:(BOOL)argument2 API_AVAILABLE(macos(10.15));
- (void)resolveCounters:(id<MTLCounterSampleBuffer>)argument0 inRange:(NSRange)argument1 destinationBuffer:(id<MTLBuffer>)argument2 destinationOffset:(NSUInteger)argument3 API_AVAILABLE(macos(10.15));
@end

NS_ASSUME_NONNULL_END
