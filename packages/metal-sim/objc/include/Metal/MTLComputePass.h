// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>
#import <Metal/MTLCommandBuffer.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLCounterSampleBuffer;
@class MTLComputePassDescriptor;
@class MTLComputePassSampleBufferAttachmentDescriptor;
@class MTLComputePassSampleBufferAttachmentDescriptorArray;

API_AVAILABLE(macos(11.0))
@interface MTLComputePassSampleBufferAttachmentDescriptor : NSObject <NSCopying>
@property (nonatomic, retain) id<MTLCounterSampleBuffer> _Nullable sampleBuffer;
@property (nonatomic) NSUInteger startOfEncoderSampleIndex;
@property (nonatomic) NSUInteger endOfEncoderSampleIndex;
@end

API_AVAILABLE(macos(11.0))
@interface MTLComputePassSampleBufferAttachmentDescriptorArray : NSObject
- (MTLComputePassSampleBufferAttachmentDescriptor *)objectAtIndexedSubscript:(NSUInteger)argument0;
- (void)setObject:(MTLComputePassSampleBufferAttachmentDescriptor * _Nullable)argument0 atIndexedSubscript:(NSUInteger)argument1;
@end

API_AVAILABLE(macos(11.0))
@interface MTLComputePassDescriptor : NSObject <NSCopying>
+ (MTLComputePassDescriptor *)computePassDescriptor;
@property (nonatomic) MTLDispatchType dispatchType;
@property (readonly) MTLComputePassSampleBufferAttachmentDescriptorArray *sampleBufferAttachments;
@end

NS_ASSUME_NONNULL_END
