// Descriptors of passes and command buffers.
#include <map>

#include "base.h"
#include "property.h"

namespace {

struct Attachment : metal_sim::State {
  metal_sim::Strong<id<MTLCounterSampleBuffer>> sampleBuffer;
  NSUInteger startOfEncoderSampleIndex = MTLCounterDontSample, endOfEncoderSampleIndex = MTLCounterDontSample;
};

struct Attachments : metal_sim::State {
  std::map<NSUInteger, metal_sim::Strong<MTLComputePassSampleBufferAttachmentDescriptor*>> entries;
};

struct Pass : metal_sim::State {
  MTLDispatchType dispatchType = MTLDispatchTypeSerial;
  metal_sim::Strong<MTLComputePassSampleBufferAttachmentDescriptorArray*> attachments;
};

struct BufferDescriptor : metal_sim::State {
  BOOL retainedReferences = YES;
  MTLCommandBufferErrorOption errorOptions = MTLCommandBufferErrorOptionNone;
};

Attachment& state(MTLComputePassSampleBufferAttachmentDescriptor* object) {
  return metal_sim::stateOf<Attachment>(object);
}
Attachments& state(MTLComputePassSampleBufferAttachmentDescriptorArray* object) {
  return metal_sim::stateOf<Attachments>(object);
}
Pass& state(MTLComputePassDescriptor* object) { return metal_sim::stateOf<Pass>(object); }
BufferDescriptor& state(MTLCommandBufferDescriptor* object) { return metal_sim::stateOf<BufferDescriptor>(object); }

}  // namespace

@implementation MTLComputePassSampleBufferAttachmentDescriptor

- (instancetype)init {
  return metal_sim::withState<Attachment>(self);
}

METAL_SIM_OBJECT_PROPERTY(id<MTLCounterSampleBuffer>, sampleBuffer, setSampleBuffer, retain)
METAL_SIM_PROPERTY(NSUInteger, startOfEncoderSampleIndex, setStartOfEncoderSampleIndex)
METAL_SIM_PROPERTY(NSUInteger, endOfEncoderSampleIndex, setEndOfEncoderSampleIndex)

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLComputePassSampleBufferAttachmentDescriptor* copy = [[MTLComputePassSampleBufferAttachmentDescriptor alloc] init];
  state(copy) = state(self);
  return copy;
}

@end

@implementation MTLComputePassSampleBufferAttachmentDescriptorArray

- (instancetype)init {
  return metal_sim::withState<Attachments>(self);
}

// Made when it is first asked for.
- (MTLComputePassSampleBufferAttachmentDescriptor*)objectAtIndexedSubscript:(NSUInteger)index {
  using Descriptor = MTLComputePassSampleBufferAttachmentDescriptor;
  auto& entry = state(self).entries[index];
  if (!entry) entry = metal_sim::Strong<Descriptor*>::adopt([[Descriptor alloc] init]);
  return entry.get();
}

- (void)setObject:(MTLComputePassSampleBufferAttachmentDescriptor*)object atIndexedSubscript:(NSUInteger)index {
  state(self).entries[index] = metal_sim::Strong<MTLComputePassSampleBufferAttachmentDescriptor*>::adopt([object copy]);
}

@end

@implementation MTLComputePassDescriptor

- (instancetype)init {
  using Array = MTLComputePassSampleBufferAttachmentDescriptorArray;
  metal_sim::withState<Pass>(self);
  state(self).attachments = metal_sim::Strong<Array*>::adopt([[Array alloc] init]);
  return self;
}

+ (MTLComputePassDescriptor*)computePassDescriptor {
  return [[[self alloc] init] autorelease];
}

METAL_SIM_PROPERTY(MTLDispatchType, dispatchType, setDispatchType)

- (MTLComputePassSampleBufferAttachmentDescriptorArray*)sampleBufferAttachments {
  return state(self).attachments.get();
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLComputePassDescriptor* copy = [[MTLComputePassDescriptor alloc] init];
  state(copy).dispatchType = state(self).dispatchType;
  for (const auto& [index, entry] : state(self.sampleBufferAttachments).entries) {
    [copy.sampleBufferAttachments setObject:entry.get() atIndexedSubscript:index];
  }
  return copy;
}

@end

@implementation MTLCommandBufferDescriptor

- (instancetype)init {
  return metal_sim::withState<BufferDescriptor>(self);
}

METAL_SIM_PROPERTY(BOOL, retainedReferences, setRetainedReferences)
METAL_SIM_PROPERTY(MTLCommandBufferErrorOption, errorOptions, setErrorOptions)

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLCommandBufferDescriptor* copy = [[MTLCommandBufferDescriptor alloc] init];
  state(copy) = state(self);
  return copy;
}

@end
