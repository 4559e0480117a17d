// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>
#import <Foundation/NSRange.h>
#import <Metal/MTLArgument.h>

NS_ASSUME_NONNULL_BEGIN

@class NSString;

API_AVAILABLE(macos(10.12))
@interface MTLFunctionConstantValues : NSObject <NSCopying>
- (void)setConstantValue:(const void *)argument0 type:(MTLDataType)argument1 atIndex:(NSUInteger)argument2;
- (void)setConstantValues:(const void *)argument0 type:(MTLDataType)argument1 withRange:(NSRange)argument2;
- (void)setConstantValue:(const void *)argument0 type:(MTLDataType)argument1 withName:(NSString *)argument2;
- (void)reset;
@end

NS_ASSUME_NONNULL_END
