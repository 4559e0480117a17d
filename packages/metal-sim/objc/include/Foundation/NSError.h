// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@class NSDictionary<__covariant KeyType, __covariant ObjectType>;
@class NSString;

typedef NSString *NSErrorDomain;

typedef NSString *NSErrorUserInfoKey;

FOUNDATION_EXPORT NSErrorDomain const NSCocoaErrorDomain;

FOUNDATION_EXPORT NSErrorDomain const NSPOSIXErrorDomain;

FOUNDATION_EXPORT NSErrorUserInfoKey const NSUnderlyingErrorKey;

FOUNDATION_EXPORT NSErrorUserInfoKey const NSLocalizedDescriptionKey;

FOUNDATION_EXPORT NSErrorUserInfoKey const NSLocalizedFailureReasonErrorKey;

@interface NSError : NSObject <NSCopying>
- (instancetype)initWithDomain:(NSErrorDomain)argument0 code:(NSInteger)argument1 userInfo:(NSDictionary<NSErrorUserInfoKey, id> * _Nullable)argument2;
+ (instancetype)errorWithDomain:(NSErrorDomain)argument0 code:(NSInteger)argument1 userInfo:(NSDictionary<NSErrorUserInfoKey, id> * _Nullable)argument2;
@property (readonly, copy) NSErrorDomain domain;
@property (readonly) NSInteger code;
@property (readonly, copy) NSDictionary<NSErrorUserInfoKey, id> *userInfo;
@property (readonly, copy) NSString *localizedDescription;
@property (readonly, copy) NSString * _Nullable localizedFailureReason;
@end

NS_ASSUME_NONNULL_END
