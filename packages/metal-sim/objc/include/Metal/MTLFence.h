// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLDevice;
@class NSString;

API_AVAILABLE(macos(10.13))
@protocol MTLFence <NSObject>
@property (readonly) id<MTLDevice> device;
@property (copy, atomic) NSString * _Nullable label;
@end

NS_ASSUME_NONNULL_END
