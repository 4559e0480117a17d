// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@interface NSAutoreleasePool : NSObject
+ (void)addObject:(id)argument0;
- (void)addObject:(id)argument0;
- (void)drain;
@end

NS_ASSUME_NONNULL_END
