// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSEnumerator.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@interface NSArray<__covariant ObjectType> : NSObject <NSCopying, NSFastEnumeration>
@property (readonly) NSUInteger count;
- (ObjectType)objectAtIndex:(NSUInteger)argument0;
- (instancetype)init;
- (instancetype)initWithObjects:(const ObjectType _Nonnull [_Nullable])argument0 count:(NSUInteger)argument1;
@property (nonatomic, readonly) ObjectType _Nullable firstObject API_AVAILABLE(macos(10.6));
@property (nonatomic, readonly) ObjectType _Nullable lastObject;
- (BOOL)containsObject:(ObjectType)argument0;
- (ObjectType)objectAtIndexedSubscript:(NSUInteger)argument0 API_AVAILABLE(macos(10.8));
+ (instancetype)array;
+ (instancetype)arrayWithObject:(ObjectType)argument0;
+ (instancetype)arrayWithObjects:(const ObjectType _Nonnull [_Nonnull])argument0 count:(NSUInteger)argument1;
@end

NS_ASSUME_NONNULL_END
