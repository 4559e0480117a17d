// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@class NSString;

typedef NSUInteger NSStringEncoding;

enum : NSStringEncoding {
  NSASCIIStringEncoding = 1,
  NSUTF8StringEncoding = 4,
};

@interface NSString : NSObject <NSCopying>
@property (readonly) NSUInteger length;
- (instancetype)init;
@property (readonly) const char * _Nullable UTF8String;
- (BOOL)isEqualToString:(NSString *)argument0;
- (BOOL)hasPrefix:(NSString *)argument0;
- (NSString *)stringByAppendingString:(NSString *)argument0;
- (NSUInteger)lengthOfBytesUsingEncoding:(NSStringEncoding)argument0;
- (instancetype _Nullable)initWithUTF8String:(const char *)argument0;
+ (instancetype _Nullable)stringWithUTF8String:(const char *)argument0;
+ (instancetype)string;
- (instancetype _Nullable)initWithBytes:(const void *)argument0 length:(NSUInteger)argument1 encoding:(NSStringEncoding)argument2;
- (instancetype _Nullable)initWithBytesNoCopy:(void *)argument0 length:(NSUInteger)argument1 encoding:(NSStringEncoding)argument2 freeWhenDone:(BOOL)argument3;
+ (instancetype)stringWithString:(NSString *)argument0;
@end

NS_ASSUME_NONNULL_END
