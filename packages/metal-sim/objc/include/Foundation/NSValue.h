// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@class NSNumber;
@class NSString;

@interface NSValue : NSObject <NSCopying>
@end

@interface NSNumber : NSValue
@property (readonly) char charValue;
@property (readonly) int intValue;
@property (readonly) unsigned int unsignedIntValue;
@property (readonly) long long longLongValue;
@property (readonly) unsigned long long unsignedLongLongValue;
@property (readonly) float floatValue;
@property (readonly) double doubleValue;
@property (readonly) BOOL boolValue;
@property (readonly) NSInteger integerValue API_AVAILABLE(macos(10.5));
@property (readonly) NSUInteger unsignedIntegerValue API_AVAILABLE(macos(10.5));
- (BOOL)isEqualToNumber:(NSNumber *)argument0;
@property (readonly, copy) NSString *stringValue;
+ (NSNumber *)numberWithInt:(int)argument0;
+ (NSNumber *)numberWithUnsignedInt:(unsigned int)argument0;
+ (NSNumber *)numberWithLong:(long)argument0;
+ (NSNumber *)numberWithUnsignedLong:(unsigned long)argument0;
+ (NSNumber *)numberWithLongLong:(long long)argument0;
+ (NSNumber *)numberWithUnsignedLongLong:(unsigned long long)argument0;
+ (NSNumber *)numberWithFloat:(float)argument0;
+ (NSNumber *)numberWithDouble:(double)argument0;
+ (NSNumber *)numberWithBool:(BOOL)argument0;
+ (NSNumber *)numberWithInteger:(NSInteger)argument0 API_AVAILABLE(macos(10.5));
+ (NSNumber *)numberWithUnsignedInteger:(NSUInteger)argument0 API_AVAILABLE(macos(10.5));
@end

NS_ASSUME_NONNULL_END
