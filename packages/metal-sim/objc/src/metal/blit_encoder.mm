#include "blit_encoder.h"

#include "buffer.h"
#include "configuration.h"

using metal_sim::EncoderState;
using metal_sim::memoryOf;
using metal_sim::reject;
using metal_sim::require;
using metal_sim::within;

namespace {

EncoderState& state(id encoder) { return metal_sim::stateOf<EncoderState>(encoder); }

void hold(EncoderState& encoder, id<MTLBuffer> buffer) {
  encoder.buffer->keep(buffer);
  encoder.buffer->use(memoryOf(buffer));
}

}  // namespace

id<MTLBlitCommandEncoder> metal_sim::makeBlitEncoder(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> buffer) {
  ++counters().blitEncoders;
  return [withState<EncoderState>([SimBlitCommandEncoder alloc], device, std::move(buffer)) autorelease];
}

@implementation SimBlitCommandEncoder

- (void)copyFromBuffer:(id<MTLBuffer>)source
          sourceOffset:(NSUInteger)sourceOffset
              toBuffer:(id<MTLBuffer>)destination
     destinationOffset:(NSUInteger)destinationOffset
                  size:(NSUInteger)size {
  constexpr auto* method = "-[MTLBlitCommandEncoder copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:]";
  if (!state(self).encoding(method) || !require(source && destination, method, "a buffer is nil")) return;
  // Of macOS: sizes and offsets of blits are multiples of four.
  if (!require(size % 4 == 0 && sourceOffset % 4 == 0 && destinationOffset % 4 == 0, method,
               "size (" + std::to_string(size) + ") and offsets (" + std::to_string(sourceOffset) + ", " +
                   std::to_string(destinationOffset) + ") must be multiples of 4")) {
    return;
  }
  if (!within(memoryOf(source), sourceOffset, size, method) ||
      !within(memoryOf(destination), destinationOffset, size, method))
    return;
  if (source == destination &&
      !require(sourceOffset + size <= destinationOffset || destinationOffset + size <= sourceOffset, method,
               "source and destination overlap")) {
    return;
  }
  hold(state(self), source);
  hold(state(self), destination);
  state(self).add(metal_sim::Copy{memoryOf(source), memoryOf(destination), sourceOffset, destinationOffset, size});
}

- (void)fillBuffer:(id<MTLBuffer>)buffer range:(NSRange)range value:(uint8_t)value {
  constexpr auto* method = "-[MTLBlitCommandEncoder fillBuffer:range:value:]";
  if (!state(self).encoding(method) || !require(buffer != nil, method, "the buffer is nil")) return;
  if (!require(range.length > 0, method, "range.length must not be 0") ||
      !require(range.length % 4 == 0 && range.location % 4 == 0, method,
               "the range must begin and end at multiples of 4") ||
      !within(memoryOf(buffer), range.location, range.length, method)) {
    return;
  }
  hold(state(self), buffer);
  state(self).add(metal_sim::Fill{memoryOf(buffer), range.location, range.length, value});
}

- (void)synchronizeResource:(id<MTLResource>)resource {
  constexpr auto* method = "-[MTLBlitCommandEncoder synchronizeResource:]";
  if (!state(self).encoding(method)) return;
  require(resource.storageMode == MTLStorageModeManaged, method, "the resource's storage mode is not managed");
}

- (void)resolveCounters:(id<MTLCounterSampleBuffer>)samples
                inRange:(NSRange)range
      destinationBuffer:(id<MTLBuffer>)destination
      destinationOffset:(NSUInteger)offset {
  constexpr auto* method = "-[MTLBlitCommandEncoder resolveCounters:inRange:destinationBuffer:destinationOffset:]";
  if (!state(self).encoding(method)) return;
  if (!require(range.location + range.length <= samples.sampleCount, method, "the range ends beyond sampleCount") ||
      !within(memoryOf(destination), offset, range.length * sizeof(uint64_t), method)) {
    return;
  }
  state(self).buffer->keep(samples);
  hold(state(self), destination);
  state(self).add(
      metal_sim::Resolve{metal_sim::samplesOf(samples), range.location, range.length, memoryOf(destination), offset});
}

- (void)sampleCountersInBuffer:(id<MTLCounterSampleBuffer>)METAL_SIM_UNUSED buffer
                 atSampleIndex:(NSUInteger)METAL_SIM_UNUSED index
                   withBarrier:(BOOL)METAL_SIM_UNUSED barrier {
  reject("-[MTLBlitCommandEncoder sampleCountersInBuffer:atSampleIndex:withBarrier:]",
         "the device does not sample counters at blit boundaries");
}

@end
