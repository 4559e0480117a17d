// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSError.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>
#import <Foundation/NSRange.h>
#import <Metal/MTLResource.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLCounter;
@protocol MTLCounterSet;
@protocol MTLDevice;
@class NSArray<__covariant ObjectType>;
@class NSData;
@class NSString;

typedef NSString * const MTLCommonCounter ;

FOUNDATION_EXPORT MTLCommonCounter MTLCommonCounterTimestamp API_AVAILABLE(macos(10.15));

typedef NSString * const MTLCommonCounterSet ;

FOUNDATION_EXPORT MTLCommonCounterSet MTLCommonCounterSetTimestamp API_AVAILABLE(macos(10.15));

FOUNDATION_EXPORT MTLCommonCounterSet MTLCommonCounterSetStageUtilization API_AVAILABLE(macos(10.15));

FOUNDATION_EXPORT MTLCommonCounterSet MTLCommonCounterSetStatistic API_AVAILABLE(macos(10.15));

typedef struct {
  uint64_t timestamp;
} MTLCounterResultTimestamp API_AVAILABLE(macos(10.15));

#define MTLCounterErrorValue ((uint64_t)~0ULL)

#define MTLCounterDontSample ((NSUInteger)-1)

typedef NS_ENUM(NSInteger, MTLCounterSampleBufferError) {
  MTLCounterSampleBufferErrorOutOfMemory,
  MTLCounterSampleBufferErrorInvalid,
  MTLCounterSampleBufferErrorInternal,
} API_AVAILABLE(macos(10.15));

FOUNDATION_EXPORT NSErrorDomain const MTLCounterErrorDomain API_AVAILABLE(macos(10.15));

API_AVAILABLE(macos(10.15))
@protocol MTLCounter <NSObject>
@property (readonly, copy) NSString *name;
@end

API_AVAILABLE(macos(10.15))
@protocol MTLCounterSet <NSObject>
@property (readonly, copy) NSString *name;
@property (readonly, copy) NSArray<id<MTLCounter>> *counters;
@end

API_AVAILABLE(macos(10.15))
@interface MTLCounterSampleBufferDescriptor : NSObject <NSCopying>
@property (retain) id<MTLCounterSet> _Nullable counterSet;
@property (copy) NSString *label;
@property MTLStorageMode storageMode;
@property NSUInteger sampleCount;
@end

API_AVAILABLE(macos(10.15))
@protocol MTLCounterSampleBuffer <NSObject>
@property (readonly) id<MTLDevice> device;
@property (readonly) NSString *label;
@property (readonly) NSUInteger sampleCount;
- (NSData * _Nullable)resolveCounterRange:(NSRange)argument0;
@end

NS_ASSUME_NONNULL_END
