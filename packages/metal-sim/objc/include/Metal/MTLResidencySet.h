// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLAllocation;
@protocol MTLDevice;
@class NSArray<__covariant ObjectType>;
@class NSString;

API_AVAILABLE(macos(15.0))
@interface MTLResidencySetDescriptor : NSObject <NSCopying>
@property (copy, nonatomic) NSString * _Nullable label;
@property (nonatomic) NSUInteger initialCapacity;
@end

API_AVAILABLE(macos(15.0))
@protocol MTLResidencySet <NSObject>
@property (readonly) id<MTLDevice> device;
@property (readonly) NSString * _Nullable label;
@property (readonly) uint64_t allocatedSize;
- (void)requestResidency;
- (void)endResidency;
- (void)addAllocation:(id<MTLAllocation>)argument0;
- (void)addAllocations:(const id<MTLAllocation> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1;
- (void)removeAllocation:(id<MTLAllocation>)argument0;
- (void)removeAllocations:(const id<MTLAllocation> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1;
- (void)removeAllAllocations;
- (BOOL)containsAllocation:(id<MTLAllocation>)argument0;
@property (readonly, copy) NSArray<id<MTLAllocation>> *allAllocations;
@property (readonly) NSUInteger allocationCount;
- (void)commit;
@end

NS_ASSUME_NONNULL_END
