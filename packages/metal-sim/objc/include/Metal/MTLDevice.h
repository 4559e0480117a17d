// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>
#import <Metal/MTLResource.h>
#import <Metal/MTLTypes.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLBuffer;
@protocol MTLCommandQueue;
@protocol MTLComputePipelineState;
@protocol MTLCounterSampleBuffer;
@protocol MTLCounterSet;
@protocol MTLDevice;
@protocol MTLEvent;
@protocol MTLFence;
@protocol MTLFunction;
@protocol MTLLibrary;
@protocol MTLResidencySet;
@protocol MTLSharedEvent;
@class MTLCompileOptions;
@class MTLComputePipelineDescriptor;
@class MTLComputePipelineReflection;
@class MTLCounterSampleBufferDescriptor;
@class MTLResidencySetDescriptor;
@class NSArray<__covariant ObjectType>;
@class NSError;
@class NSString;
@class NSURL;

FOUNDATION_EXPORT id<MTLDevice> _Nullable MTLCreateSystemDefaultDevice(void) NS_RETURNS_RETAINED API_AVAILABLE(macos(10.11));

FOUNDATION_EXPORT NSArray<id<MTLDevice>> *MTLCopyAllDevices(void) NS_RETURNS_RETAINED API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSInteger, MTLGPUFamily) {
  MTLGPUFamilyApple1 = 1001,
  MTLGPUFamilyApple2 = 1002,
  MTLGPUFamilyApple3 = 1003,
  MTLGPUFamilyApple4 = 1004,
  MTLGPUFamilyApple5 = 1005,
  MTLGPUFamilyApple6 = 1006,
  MTLGPUFamilyApple7 = 1007,
  MTLGPUFamilyApple8 = 1008,
  MTLGPUFamilyApple9 = 1009,
  MTLGPUFamilyMac1 API_DEPRECATED("", macos(10.0, 13.0)) = 2001,
  MTLGPUFamilyMac2 = 2002,
  MTLGPUFamilyCommon1 = 3001,
  MTLGPUFamilyCommon2 = 3002,
  MTLGPUFamilyCommon3 = 3003,
  MTLGPUFamilyMacCatalyst1 API_DEPRECATED("", macos(10.0, 13.0)) = 4001,
  MTLGPUFamilyMacCatalyst2 API_DEPRECATED("", macos(10.0, 13.0)) = 4002,
  MTLGPUFamilyMetal3 API_AVAILABLE(macos(13.0)) = 5001,
  MTLGPUFamilyMetal4 API_AVAILABLE(macos(26.0)) = 5002,
} API_AVAILABLE(macos(10.15));

typedef NS_OPTIONS(NSUInteger, MTLPipelineOption) {
  MTLPipelineOptionNone = 0,
  MTLPipelineOptionArgumentInfo = 1 << 0,
  MTLPipelineOptionBindingInfo = 1 << 0,
  MTLPipelineOptionBufferTypeInfo = 1 << 1,
} API_AVAILABLE(macos(10.11));

typedef uint64_t MTLTimestamp;

typedef NS_ENUM(NSUInteger, MTLCounterSamplingPoint) {
  MTLCounterSamplingPointAtStageBoundary,
  MTLCounterSamplingPointAtDrawBoundary,
  MTLCounterSamplingPointAtDispatchBoundary,
  MTLCounterSamplingPointAtTileDispatchBoundary,
  MTLCounterSamplingPointAtBlitBoundary,
} API_AVAILABLE(macos(11.0));

typedef NS_ENUM(NSUInteger, MTLDeviceLocation) {
  MTLDeviceLocationBuiltIn = 0,
  MTLDeviceLocationSlot = 1,
  MTLDeviceLocationExternal = 2,
  MTLDeviceLocationUnspecified = NSUIntegerMax,
} API_AVAILABLE(macos(10.15));

typedef void (^MTLNewLibraryCompletionHandler)(id<MTLLibrary> _Nullable library, NSError * _Nullable error);

typedef void (^MTLNewComputePipelineStateCompletionHandler)(id<MTLComputePipelineState> _Nullable computePipelineState, NSError * _Nullable error);

typedef void (^MTLNewComputePipelineStateWithReflectionCompletionHandler)(id<MTLComputePipelineState> _Nullable computePipelineState, MTLComputePipelineReflection * _Nullable_result reflection, NSError * _Nullable error);

typedef __autoreleasing MTLComputePipelineReflection * _Nullable MTLAutoreleasedComputePipelineReflection;

API_AVAILABLE(macos(10.11))
@protocol MTLDevice <NSObject>
@property (readonly) NSString *name;
@property (readonly) uint64_t registryID API_AVAILABLE(macos(10.13));
@property (readonly) MTLSize maxThreadsPerThreadgroup;
@property (readonly, getter=isLowPower) BOOL lowPower;
@property (readonly, getter=isHeadless) BOOL headless;
@property (readonly, getter=isRemovable) BOOL removable API_AVAILABLE(macos(10.13));
@property (readonly) BOOL hasUnifiedMemory API_AVAILABLE(macos(10.15));
@property (readonly) uint64_t recommendedMaxWorkingSetSize API_AVAILABLE(macos(10.12));
@property (readonly) MTLDeviceLocation location API_AVAILABLE(macos(10.15));
@property (readonly) uint64_t maxTransferRate API_AVAILABLE(macos(10.15));
@property (readonly) NSUInteger currentAllocatedSize API_AVAILABLE(macos(10.13));
@property (readonly) NSUInteger maxThreadgroupMemoryLength API_AVAILABLE(macos(10.13));
@property (readonly) NSUInteger maxBufferLength API_AVAILABLE(macos(10.14));
- (id<MTLCommandQueue> _Nullable)newCommandQueue;
- (id<MTLCommandQueue> _Nullable)newCommandQueueWithMaxCommandBufferCount:(NSUInteger)argument0;
- (id<MTLBuffer> _Nullable)newBufferWithLength:(NSUInteger)argument0 options:(MTLResourceOptions)argument1;
- (id<MTLBuffer> _Nullable)newBufferWithBytes:(const void *)argument0 length:(NSUInteger)argument1 options:(MTLResourceOptions)argument2;
- (id<MTLBuffer> _Nullable)newBufferWithBytesNoCopy:(void *)argument0 length:(NSUInteger)argument1 options:(MTLResourceOptions)argument2 deallocator:(void (^ _Nullable)(void *pointer, NSUInteger length))argument3;
- (id<MTLLibrary> _Nullable)newLibraryWithSource:(NSString *)argument0 options:(MTLCompileOptions * _Nullable)argument1 error:(__autoreleasing NSError **)argument2;
- (void)newLibraryWithSource:(NSString *)argument0 options:(MTLCompileOptions * _Nullable)argument1 completionHandler:(MTLNewLibraryCompletionHandler)argument2;
- (id<MTLLibrary> _Nullable)newLibraryWithURL:(NSURL *)argument0 error:(__autoreleasing NSError **)argument1 API_AVAILABLE(macos(10.13));
- (id<MTLComputePipelineState> _Nullable)newComputePipelineStateWithFunction:(id<MTLFunction>)argument0 error:(__autoreleasing NSError **)argument1;
- (id<MTLComputePipelineState> _Nullable)newComputePipelineStateWithFunction:(id<MTLFunction>)argument0 options:(MTLPipelineOption)argument1 reflection:(MTLAutoreleasedComputePipelineReflection * _Nullable)argument2 error:(__autoreleasing NSError **)argument3;
- (void)newComputePipelineStateWithFunction:(id<MTLFunction>)argument0 completionHandler:(MTLNewComputePipelineStateCompletionHandler)argument1;
- (void)newComputePipelineStateWithFunction:(id<MTLFunction>)argument0 options:(MTLPipelineOption)argument1 completionHandler:(MTLNewComputePipelineStateWithReflectionCompletionHandler)argument2;
- (id<MTLComputePipelineState> _Nullable)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor *)argument0 options:(MTLPipelineOption)argument1 reflection:(MTLAutoreleasedComputePipelineReflection * _Nullable)argument2 error:(__autoreleasing NSError **)argument3;
- (void)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor *)argument0 options:(MTLPipelineOption)argument1 completionHandler:(MTLNewComputePipelineStateWithReflectionCompletionHandler)argument2;
- (id<MTLFence> _Nullable)newFence API_AVAILABLE(macos(10.13));
- (BOOL)supportsFamily:(MTLGPUFamily)argument0 API_AVAILABLE(macos(10.15));
- (id<MTLEvent> _Nullable)newEvent API_AVAILABLE(macos(10.14));
- (id<MTLSharedEvent> _Nullable)newSharedEvent API_AVAILABLE(macos(10.14));
- (void)sampleTimestamps:(MTLTimestamp *)argument0 gpuTimestamp:(MTLTimestamp *)argument1 API_AVAILABLE(macos(10.15));
- (id<MTLCounterSampleBuffer> _Nullable)newCounterSampleBufferWithDescriptor:(MTLCounterSampleBufferDescriptor *)argument0 error:(NSError **)argument1 API_AVAILABLE(macos(10.15));
- (BOOL)supportsCounterSampling:(MTLCounterSamplingPoint)argument0 API_AVAILABLE(macos(11.0));
@property (readonly) NSArray<id<MTLCounterSet>> * _Nullable counterSets API_AVAILABLE(macos(10.15));
- (id<MTLResidencySet> _Nullable)newResidencySetWithDescriptor:(MTLResidencySetDescriptor *)argument0 error:(NSError * _Nullable *)argument1 API_AVAILABLE(macos(15.0));
@end

NS_ASSUME_NONNULL_END
