// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLDevice;
@class NSString;

API_AVAILABLE(macos(10.14))
@protocol MTLEvent <NSObject>
@property (readonly) id<MTLDevice> _Nullable device;
@property (copy, atomic) NSString * _Nullable label;
@end

API_AVAILABLE(macos(10.14))
@protocol MTLSharedEvent <MTLEvent>
@property uint64_t signaledValue;
- (BOOL)waitUntilSignaledValue:(uint64_t)argument0 timeoutMS:(uint64_t)argument1 API_AVAILABLE(macos(12.0));
@end

NS_ASSUME_NONNULL_END
