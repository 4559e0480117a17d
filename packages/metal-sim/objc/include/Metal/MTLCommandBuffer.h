// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSError.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLBlitCommandEncoder;
@protocol MTLCommandBuffer;
@protocol MTLCommandQueue;
@protocol MTLComputeCommandEncoder;
@protocol MTLDevice;
@protocol MTLEvent;
@protocol MTLResidencySet;
@class MTLComputePassDescriptor;
@class NSArray<__covariant ObjectType>;
@class NSError;
@class NSString;

typedef NS_ENUM(NSUInteger, MTLCommandBufferStatus) {
  MTLCommandBufferStatusNotEnqueued = 0,
  MTLCommandBufferStatusEnqueued = 1,
  MTLCommandBufferStatusCommitted = 2,
  MTLCommandBufferStatusScheduled = 3,
  MTLCommandBufferStatusCompleted = 4,
  MTLCommandBufferStatusError = 5,
} API_AVAILABLE(macos(10.11));

FOUNDATION_EXPORT NSErrorDomain const MTLCommandBufferErrorDomain API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLCommandBufferError) {
  MTLCommandBufferErrorNone = 0,
  MTLCommandBufferErrorInternal = 1,
  MTLCommandBufferErrorTimeout = 2,
  MTLCommandBufferErrorPageFault = 3,
  MTLCommandBufferErrorBlacklisted API_DEPRECATED("", macos(10.0, 13.0)) = 4,
  MTLCommandBufferErrorAccessRevoked = 4,
  MTLCommandBufferErrorNotPermitted = 7,
  MTLCommandBufferErrorOutOfMemory = 8,
  MTLCommandBufferErrorInvalidResource = 9,
  MTLCommandBufferErrorMemoryless API_AVAILABLE(macos(11.0)) = 10,
  MTLCommandBufferErrorDeviceRemoved API_AVAILABLE(macos(10.13)) = 11,
  MTLCommandBufferErrorStackOverflow API_AVAILABLE(macos(12.0)) = 12,
} API_AVAILABLE(macos(10.11));

typedef NS_OPTIONS(NSUInteger, MTLCommandBufferErrorOption) {
  MTLCommandBufferErrorOptionNone = 0,
  MTLCommandBufferErrorOptionEncoderExecutionStatus = 1 << 0,
} API_AVAILABLE(macos(11.0));

typedef NS_ENUM(NSInteger, MTLCommandEncoderErrorState) {
  MTLCommandEncoderErrorStateUnknown = 0,
  MTLCommandEncoderErrorStateCompleted = 1,
  MTLCommandEncoderErrorStateAffected = 2,
  MTLCommandEncoderErrorStatePending = 3,
  MTLCommandEncoderErrorStateFaulted = 4,
} API_AVAILABLE(macos(11.0));

FOUNDATION_EXPORT NSErrorUserInfoKey const MTLCommandBufferEncoderInfoErrorKey API_AVAILABLE(macos(11.0));

API_AVAILABLE(macos(11.0))
@interface MTLCommandBufferDescriptor : NSObject <NSCopying>
@property (nonatomic) BOOL retainedReferences;
@property (nonatomic) MTLCommandBufferErrorOption errorOptions;
@end

API_AVAILABLE(macos(11.0))
@protocol MTLCommandBufferEncoderInfo <NSObject>
@property (readonly, nonatomic) NSString *label;
@property (readonly, nonatomic) NSArray<NSString *> *debugSignposts;
@property (readonly, nonatomic) MTLCommandEncoderErrorState errorState;
@end

typedef void (^MTLCommandBufferHandler)(id<MTLCommandBuffer>);

typedef NS_ENUM(NSUInteger, MTLDispatchType) {
  MTLDispatchTypeSerial,
  MTLDispatchTypeConcurrent,
} API_AVAILABLE(macos(10.14));

API_AVAILABLE(macos(10.11))
@protocol MTLCommandBuffer <NSObject>
@property (readonly) id<MTLDevice> device;
@property (readonly) id<MTLCommandQueue> commandQueue;
@property (readonly) BOOL retainedReferences;
@property (readonly) MTLCommandBufferErrorOption errorOptions API_AVAILABLE(macos(11.0));
@property (copy, atomic) NSString * _Nullable label;
@property (readonly) CFTimeInterval kernelStartTime API_AVAILABLE(macos(10.15));
@property (readonly) CFTimeInterval kernelEndTime API_AVAILABLE(macos(10.15));
@property (readonly) CFTimeInterval GPUStartTime API_AVAILABLE(macos(10.15));
@property (readonly) CFTimeInterval GPUEndTime API_AVAILABLE(macos(10.15));
- (void)enqueue;
- (void)commit;
- (void)addScheduledHandler:(MTLCommandBufferHandler)argument0;
- (void)waitUntilScheduled;
- (void)addCompletedHandler:(MTLCommandBufferHandler)argument0;
- (void)waitUntilCompleted;
@property (readonly) MTLCommandBufferStatus status;
@property (readonly) NSError * _Nullable error;
- (id<MTLBlitCommandEncoder> _Nullable)blitCommandEncoder;
- (id<MTLComputeCommandEncoder> _Nullable)computeCommandEncoderWithDescriptor:(MTLComputePassDescriptor *)argument0 API_AVAILABLE(macos(11.0));
- (id<MTLComputeCommandEncoder> _Nullable)computeCommandEncoder;
- (id<MTLComputeCommandEncoder> _Nullable)computeCommandEncoderWithDispatchType:(MTLDispatchType)argument0 API_AVAILABLE(macos(10.14));
- (void)encodeWaitForEvent:(id<MTLEvent>)argument0 value:(uint64_t)argument1 API_AVAILABLE(macos(10.14));
- (void)encodeSignalEvent:(id<MTLEvent>)argument0 value:(uint64_t)argument1 API_AVAILABLE(macos(10.14));
- (void)pushDebugGroup:(NSString *)argument0 API_AVAILABLE(macos(10.13));
- (void)popDebugGroup API_AVAILABLE(macos(10.13));
- (void)useResidencySet:(id<MTLResidencySet>)argument0 API_AVAILABLE(macos(15.0));
- (void)useResidencySets:(const id<MTLResidencySet> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1 API_AVAILABLE(macos(15.0));
@end

NS_ASSUME_NONNULL_END
