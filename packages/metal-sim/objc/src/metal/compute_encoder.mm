#include "compute_encoder.h"

#include "buffer.h"
#include "configuration.h"

using metal_sim::Binding;
using metal_sim::ComputeState;
using metal_sim::memoryOf;
using metal_sim::reject;
using metal_sim::require;

namespace {

ComputeState& state(id encoder) { return metal_sim::stateOf<ComputeState>(encoder); }

bool validIndex(NSUInteger index, const char* method) {
  return require(index < metal_sim::kBufferSlots, method, "index (" + std::to_string(index) + ") must be < 31");
}

std::string triple(MTLSize size) {
  return std::to_string(size.width) + " " + std::to_string(size.height) + " " + std::to_string(size.depth);
}

}  // namespace

id<MTLComputeCommandEncoder> metal_sim::makeComputeEncoder(id<MTLDevice> device,
                                                           std::shared_ptr<CommandBufferCore> buffer,
                                                           MTLDispatchType type, MTLComputePassDescriptor* descriptor) {
  ++counters().computeEncoders;
  SimComputeCommandEncoder* encoder =
      [withState<ComputeState>([SimComputeCommandEncoder alloc], device, std::move(buffer), type) autorelease];
  for (NSUInteger i = 0; descriptor && i < 4; ++i) {
    auto* attachment = [descriptor.sampleBufferAttachments objectAtIndexedSubscript:i];
    if (!attachment.sampleBuffer) continue;
    const std::shared_ptr<Samples> samples = samplesOf(attachment.sampleBuffer);
    for (const NSUInteger index : {attachment.startOfEncoderSampleIndex, attachment.endOfEncoderSampleIndex}) {
      require(
          index == MTLCounterDontSample || index < samples->size(),
          "-[MTLCommandBuffer computeCommandEncoderWithDescriptor:]",
          "sample index " + std::to_string(index) + " is not below sampleCount, " + std::to_string(samples->size()));
    }
    state(encoder).buffer->keep(attachment.sampleBuffer);
    state(encoder).record().samples.push_back(
        {samples, attachment.startOfEncoderSampleIndex, attachment.endOfEncoderSampleIndex});
  }
  return encoder;
}

@implementation SimComputeCommandEncoder

- (MTLDispatchType)dispatchType {
  return state(self).type;
}

- (void)setComputePipelineState:(id<MTLComputePipelineState>)pipeline {
  constexpr auto* method = "-[MTLComputeCommandEncoder setComputePipelineState:]";
  if (!state(self).encoding(method) || !require(pipeline != nil, method, "the pipeline is nil")) return;
  state(self).buffer->keep(pipeline);
  state(self).pipeline = metal_sim::pipelineOf(pipeline);
}

- (void)setBuffer:(id<MTLBuffer>)buffer offset:(NSUInteger)offset atIndex:(NSUInteger)index {
  constexpr auto* method = "-[MTLComputeCommandEncoder setBuffer:offset:atIndex:]";
  if (!state(self).encoding(method) || !validIndex(index, method)) return;
  state(self).buffers[index] = {};
  if (!buffer) return;
  const auto& memory = memoryOf(buffer);
  if (!require(offset < memory->length, method,
               "offset (" + std::to_string(offset) + ") must be < length of the buffer (" +
                   std::to_string(memory->length) + ")")) {
    return;
  }
  state(self).buffer->keep(buffer);
  state(self).buffer->use(memory);
  state(self).buffers[index] = Binding{memory, offset, std::nullopt};
}

- (void)setBuffers:(const id<MTLBuffer>[])buffers offsets:(const NSUInteger[])offsets withRange:(NSRange)range {
  for (NSUInteger i = 0; i < range.length; ++i)
    [self setBuffer:buffers[i] offset:offsets[i] atIndex:range.location + i];
}

- (void)setBufferOffset:(NSUInteger)offset atIndex:(NSUInteger)index {
  constexpr auto* method = "-[MTLComputeCommandEncoder setBufferOffset:atIndex:]";
  if (!state(self).encoding(method) || !validIndex(index, method)) return;
  Binding& binding = state(self).buffers[index];
  if (!require(binding.memory != nullptr, method, "no buffer is set at index " + std::to_string(index)) ||
      !require(offset < binding.memory->length, method,
               "offset (" + std::to_string(offset) + ") must be < length of the buffer (" +
                   std::to_string(binding.memory->length) + ")")) {
    return;
  }
  binding.offset = offset;
}

- (void)setBytes:(const void*)bytes length:(NSUInteger)length atIndex:(NSUInteger)index {
  constexpr auto* method = "-[MTLComputeCommandEncoder setBytes:length:atIndex:]";
  if (!state(self).encoding(method) || !validIndex(index, method)) return;
  if (!require(length > 0 && length <= metal_sim::kMaxBytes, method,
               "length (" + std::to_string(length) + ") must be within 1 and 4096")) {
    return;
  }
  state(self).buffers[index] = Binding{nullptr, 0, std::string(static_cast<const char*>(bytes), length)};
}

- (void)setThreadgroupMemoryLength:(NSUInteger)length atIndex:(NSUInteger)index {
  constexpr auto* method = "-[MTLComputeCommandEncoder setThreadgroupMemoryLength:atIndex:]";
  if (!state(self).encoding(method) || !validIndex(index, method)) return;
  if (!require(length % 16 == 0, method, "length (" + std::to_string(length) + ") must be a multiple of 16") ||
      !require(length <= metal_sim::kMaxThreadgroupMemory, method,
               "length (" + std::to_string(length) + ") must be <= 32768")) {
    return;
  }
  state(self).threadgroupMemory[index] = length;
}

- (void)dispatchThreadgroups:(MTLSize)threadgroups threadsPerThreadgroup:(MTLSize)threads {
  metal_sim::addDispatch(state(self), "-[MTLComputeCommandEncoder dispatchThreadgroups:threadsPerThreadgroup:]",
                         "groups " + triple(threadgroups), threads, nullptr);
}

- (void)dispatchThreads:(MTLSize)grid threadsPerThreadgroup:(MTLSize)threads {
  metal_sim::addDispatch(state(self), "-[MTLComputeCommandEncoder dispatchThreads:threadsPerThreadgroup:]",
                         "threads " + triple(grid), threads, nullptr);
}

- (void)dispatchThreadgroupsWithIndirectBuffer:(id<MTLBuffer>)buffer
                          indirectBufferOffset:(NSUInteger)offset
                         threadsPerThreadgroup:(MTLSize)threads {
  constexpr auto* method =
      "-[MTLComputeCommandEncoder dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:]";
  const auto& memory = memoryOf(buffer);
  if (!require(offset % 4 == 0, method,
               "indirectBufferOffset (" + std::to_string(offset) + ") must be a multiple of 4") ||
      !metal_sim::within(memory, offset, sizeof(MTLDispatchThreadgroupsIndirectArguments), method)) {
    return;
  }
  state(self).buffer->keep(buffer);
  state(self).buffer->use(memory);
  metal_sim::addDispatch(state(self), method, "indirect " + memory->id + ":" + std::to_string(offset) + " 0 0", threads,
                         memory);
}

- (void)memoryBarrierWithScope:(MTLBarrierScope)scope {
  constexpr auto* method = "-[MTLComputeCommandEncoder memoryBarrierWithScope:]";
  if (!state(self).encoding(method) || !require((scope & MTLBarrierScopeRenderTargets) == 0, method,
                                                "render targets are no scope of a compute encoder")) {
    return;
  }
  ++metal_sim::counters().barriers;
  if ((scope & MTLBarrierScopeBuffers) && !metal_sim::ignoreBarriers()) state(self).add(metal_sim::Barrier());
}

// Orders all buffers here, not only those that are named.
- (void)memoryBarrierWithResources:(const id<MTLResource>[])resources count:(NSUInteger)count {
  constexpr auto* method = "-[MTLComputeCommandEncoder memoryBarrierWithResources:count:]";
  if (!state(self).encoding(method) || !require(count > 0, method, "count must not be 0")) return;
  for (NSUInteger i = 0; i < count; ++i) {
    if (!require(resources[i] != nil, method, "resources[" + std::to_string(i) + "] is nil")) return;
  }
  ++metal_sim::counters().barriers;
  if (!metal_sim::ignoreBarriers()) state(self).add(metal_sim::Barrier());
}

- (void)useResource:(id<MTLResource>)resource usage:(MTLResourceUsage)METAL_SIM_UNUSED usage {
  if (state(self).encoding("-[MTLComputeCommandEncoder useResource:usage:]")) state(self).buffer->keep(resource);
}

- (void)useResources:(const id<MTLResource>[])resources count:(NSUInteger)count usage:(MTLResourceUsage)usage {
  for (NSUInteger i = 0; i < count; ++i) [self useResource:resources[i] usage:usage];
}

- (void)sampleCountersInBuffer:(id<MTLCounterSampleBuffer>)METAL_SIM_UNUSED buffer
                 atSampleIndex:(NSUInteger)METAL_SIM_UNUSED index
                   withBarrier:(BOOL)METAL_SIM_UNUSED barrier {
  reject("-[MTLComputeCommandEncoder sampleCountersInBuffer:atSampleIndex:withBarrier:]",
         "the device does not sample counters at dispatch boundaries");
}

@end
