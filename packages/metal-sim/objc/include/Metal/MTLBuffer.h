// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSRange.h>
#import <Metal/MTLResource.h>

NS_ASSUME_NONNULL_BEGIN

@class NSString;

API_AVAILABLE(macos(10.11))
@protocol MTLBuffer <MTLResource>
@property (readonly) NSUInteger length;
- (void *)contents;
- (void)didModifyRange:(NSRange)argument0;
- (void)addDebugMarker:(NSString *)argument0 range:(NSRange)argument1 API_AVAILABLE(macos(10.12));
- (void)removeAllDebugMarkers API_AVAILABLE(macos(10.12));
@property (readonly) uint64_t gpuAddress API_AVAILABLE(macos(13.0));
@end

NS_ASSUME_NONNULL_END
