// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@interface NSData : NSObject <NSCopying>
@property (readonly) NSUInteger length;
@property (readonly) const void *bytes;
+ (instancetype)dataWithBytes:(const void * _Nullable)argument0 length:(NSUInteger)argument1;
- (instancetype)initWithBytes:(const void * _Nullable)argument0 length:(NSUInteger)argument1;
+ (instancetype)data;
@end

NS_ASSUME_NONNULL_END
