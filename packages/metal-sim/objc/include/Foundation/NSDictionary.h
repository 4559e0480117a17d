// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSEnumerator.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol NSCopying;
@class NSArray<__covariant ObjectType>;

@interface NSDictionary<__covariant KeyType, __covariant ObjectType> : NSObject <NSCopying, NSFastEnumeration>
@property (readonly) NSUInteger count;
- (ObjectType _Nullable)objectForKey:(KeyType)argument0;
- (instancetype)init;
- (instancetype)initWithObjects:(const ObjectType _Nonnull [_Nullable])argument0 forKeys:(const KeyType <NSCopying> _Nonnull [_Nullable])argument1 count:(NSUInteger)argument2;
@property (readonly, copy) NSArray<KeyType> *allKeys;
@property (readonly, copy) NSArray<ObjectType> *allValues;
- (ObjectType _Nullable)objectForKeyedSubscript:(KeyType)argument0 API_AVAILABLE(macos(10.8));
+ (instancetype)dictionary;
+ (instancetype)dictionaryWithObject:(ObjectType)argument0 forKey:(KeyType <NSCopying>)argument1;
+ (instancetype)dictionaryWithObjects:(const ObjectType _Nonnull [_Nullable])argument0 forKeys:(const KeyType <NSCopying> _Nonnull [_Nullable])argument1 count:(NSUInteger)argument2;
@end

NS_ASSUME_NONNULL_END
