// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLDevice;
@class NSString;

typedef NS_OPTIONS(NSUInteger, MTLResourceUsage) {
  MTLResourceUsageRead = 1 << 0,
  MTLResourceUsageWrite = 1 << 1,
  MTLResourceUsageSample API_DEPRECATED("", macos(10.0, 13.0)) = 1 << 2,
} API_AVAILABLE(macos(10.13));

typedef NS_OPTIONS(NSUInteger, MTLBarrierScope) {
  MTLBarrierScopeBuffers = 1 << 0,
  MTLBarrierScopeTextures = 1 << 1,
  MTLBarrierScopeRenderTargets = 1 << 2,
} API_AVAILABLE(macos(10.14));

API_AVAILABLE(macos(10.11))
@protocol MTLCommandEncoder <NSObject>
@property (readonly) id<MTLDevice> device;
@property (copy, atomic) NSString * _Nullable label;
- (void)endEncoding;
- (void)insertDebugSignpost:(NSString *)argument0;
- (void)pushDebugGroup:(NSString *)argument0;
- (void)popDebugGroup;
@end

NS_ASSUME_NONNULL_END
