// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

API_AVAILABLE(macos(15.0))
@protocol MTLAllocation <NSObject>
@property (readonly) NSUInteger allocatedSize;
@end

NS_ASSUME_NONNULL_END
