// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Metal/MTLAllocation.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLDevice;
@class NSString;

#define MTLResourceCPUCacheModeShift 0

#define MTLResourceStorageModeShift 4

#define MTLResourceHazardTrackingModeShift 8

typedef NS_ENUM(NSUInteger, MTLPurgeableState) {
  MTLPurgeableStateKeepCurrent = 1,
  MTLPurgeableStateNonVolatile = 2,
  MTLPurgeableStateVolatile = 3,
  MTLPurgeableStateEmpty = 4,
} API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLCPUCacheMode) {
  MTLCPUCacheModeDefaultCache = 0,
  MTLCPUCacheModeWriteCombined = 1,
} API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLStorageMode) {
  MTLStorageModeShared = 0,
  MTLStorageModeManaged = 1,
  MTLStorageModePrivate = 2,
  MTLStorageModeMemoryless API_AVAILABLE(macos(11.0)) = 3,
} API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLHazardTrackingMode) {
  MTLHazardTrackingModeDefault = 0,
  MTLHazardTrackingModeUntracked = 1,
  MTLHazardTrackingModeTracked = 2,
} API_AVAILABLE(macos(10.15));

typedef NS_OPTIONS(NSUInteger, MTLResourceOptions) {
  MTLResourceCPUCacheModeDefaultCache = MTLCPUCacheModeDefaultCache << MTLResourceCPUCacheModeShift,
  MTLResourceCPUCacheModeWriteCombined = MTLCPUCacheModeWriteCombined << MTLResourceCPUCacheModeShift,
  MTLResourceStorageModeShared = MTLStorageModeShared << MTLResourceStorageModeShift,
  MTLResourceStorageModeManaged = MTLStorageModeManaged << MTLResourceStorageModeShift,
  MTLResourceStorageModePrivate = MTLStorageModePrivate << MTLResourceStorageModeShift,
  MTLResourceStorageModeMemoryless API_AVAILABLE(macos(11.0)) = MTLStorageModeMemoryless << MTLResourceStorageModeShift,
  MTLResourceHazardTrackingModeDefault API_AVAILABLE(macos(10.13)) = MTLHazardTrackingModeDefault << MTLResourceHazardTrackingModeShift,
  MTLResourceHazardTrackingModeUntracked API_AVAILABLE(macos(10.13)) = MTLHazardTrackingModeUntracked << MTLResourceHazardTrackingModeShift,
  MTLResourceHazardTrackingModeTracked API_AVAILABLE(macos(10.15)) = MTLHazardTrackingModeTracked << MTLResourceHazardTrackingModeShift,
} API_AVAILABLE(macos(10.11));

API_AVAILABLE(macos(10.11))
@protocol MTLResource <MTLAllocation>
@property (copy, atomic) NSString * _Nullable label;
@property (readonly) id<MTLDevice> device;
@property (readonly) MTLCPUCacheMode cpuCacheMode;
@property (readonly) MTLStorageMode storageMode;
@property (readonly) MTLHazardTrackingMode hazardTrackingMode API_AVAILABLE(macos(10.15));
@property (readonly) MTLResourceOptions resourceOptions API_AVAILABLE(macos(10.15));
- (MTLPurgeableState)setPurgeableState:(MTLPurgeableState)argument0;
@property (readonly) NSUInteger allocatedSize API_AVAILABLE(macos(10.13));
@end

NS_ASSUME_NONNULL_END
