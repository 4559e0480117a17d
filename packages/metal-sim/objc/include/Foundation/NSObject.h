// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>

NS_ASSUME_NONNULL_BEGIN

@class NSString;

typedef struct _NSZone NSZone;

@protocol NSObject
- (BOOL)isEqual:(id _Nullable)argument0;
@property (readonly) NSUInteger hash;
@property (readonly) Class _Nullable superclass;
- (Class)class;
- (instancetype)self;
- (BOOL)isKindOfClass:(Class)argument0;
- (BOOL)isMemberOfClass:(Class)argument0;
- (BOOL)conformsToProtocol:(Protocol *)argument0;
- (BOOL)respondsToSelector:(SEL)argument0;
- (instancetype)retain;
- (oneway void)release;
- (instancetype)autorelease;
- (NSUInteger)retainCount;
@property (readonly, copy) NSString *description;
@property (readonly, copy) NSString *debugDescription;
@end

@protocol NSCopying
- (id)copyWithZone:(NSZone * _Nullable)argument0;
@end

__attribute__((objc_root_class)) @interface NSObject <NSObject>
{
  Class isa;
}
+ (void)load;
+ (void)initialize;
- (instancetype)init;
+ (instancetype)new;
+ (instancetype)alloc;
- (void)dealloc;
- (id)copy;
+ (Class)class;
+ (BOOL)instancesRespondToSelector:(SEL)argument0;
+ (BOOL)conformsToProtocol:(Protocol *)argument0;
+ (NSString *)description;
@end

NS_ASSUME_NONNULL_END
