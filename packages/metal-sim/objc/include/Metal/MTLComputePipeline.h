// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLBinding;
@protocol MTLDevice;
@protocol MTLFunction;
@class NSArray<__covariant ObjectType>;
@class NSString;

API_AVAILABLE(macos(10.11))
@interface MTLComputePipelineReflection : NSObject
@property (readonly) NSArray<id<MTLBinding>> *bindings API_AVAILABLE(macos(13.0));
@end

API_AVAILABLE(macos(10.11))
@interface MTLComputePipelineDescriptor : NSObject <NSCopying>
@property (copy, nonatomic) NSString * _Nullable label;
@property (nonatomic, strong) id<MTLFunction> _Nullable computeFunction;
@property (nonatomic) BOOL threadGroupSizeIsMultipleOfThreadExecutionWidth;
@property (nonatomic) NSUInteger maxTotalThreadsPerThreadgroup API_AVAILABLE(macos(10.14));
@property (nonatomic) BOOL supportIndirectCommandBuffers API_AVAILABLE(macos(11.0));
- (void)reset;
@end

API_AVAILABLE(macos(10.11))
@protocol MTLComputePipelineState <NSObject>
@property (readonly) NSString * _Nullable label API_AVAILABLE(macos(10.13));
@property (readonly) id<MTLDevice> device;
@property (readonly) NSUInteger maxTotalThreadsPerThreadgroup;
@property (readonly) NSUInteger threadExecutionWidth;
@property (readonly) NSUInteger staticThreadgroupMemoryLength API_AVAILABLE(macos(10.13));
@property (readonly) BOOL supportIndirectCommandBuffers API_AVAILABLE(macos(11.0));
@end

NS_ASSUME_NONNULL_END
