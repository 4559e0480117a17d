// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLCommandBuffer;
@protocol MTLDevice;
@protocol MTLResidencySet;
@class MTLCommandBufferDescriptor;
@class NSString;

API_AVAILABLE(macos(10.11))
@protocol MTLCommandQueue <NSObject>
@property (copy, atomic) NSString * _Nullable label;
@property (readonly) id<MTLDevice> device;
- (id<MTLCommandBuffer> _Nullable)commandBuffer;
- (id<MTLCommandBuffer> _Nullable)commandBufferWithDescriptor:(MTLCommandBufferDescriptor *)argument0 API_AVAILABLE(macos(11.0));
- (id<MTLCommandBuffer> _Nullable)commandBufferWithUnretainedReferences;
- (void)addResidencySet:(id<MTLResidencySet>)argument0 API_AVAILABLE(macos(15.0));
- (void)addResidencySets:(const id<MTLResidencySet> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1 API_AVAILABLE(macos(15.0));
- (void)removeResidencySet:(id<MTLResidencySet>)argument0 API_AVAILABLE(macos(15.0));
- (void)removeResidencySets:(const id<MTLResidencySet> _Nonnull[_Nonnull])argument0 count:(NSUInteger)argument1 API_AVAILABLE(macos(15.0));
@end

NS_ASSUME_NONNULL_END
