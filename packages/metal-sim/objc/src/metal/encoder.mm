#include "encoder.h"

using metal_sim::EncoderState;

namespace metal_sim {

EncoderState::EncoderState(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> core)
    : DeviceObject(device), buffer(std::move(core)), index(buffer->list.encoders.size()) {
  buffer->encoding = true;
  buffer->list.encoders.emplace_back();
  add(Begin{index});
}

EncoderState::~EncoderState() {
  if (!require(ended, "-[MTLCommandEncoder dealloc]", "a command encoder is released without endEncoding"))
    buffer->encoding = false;
}

bool EncoderState::encoding(const char* method) const {
  return require(!ended, method, "the encoder was used after endEncoding");
}

bool within(const std::shared_ptr<Memory>& memory, size_t offset, size_t bytes, const char* method) {
  return require(offset <= memory->length && bytes <= memory->length - offset, method,
                 "the range (" + std::to_string(offset) + ", " + std::to_string(bytes) +
                     " bytes) ends beyond the buffer's length, " + std::to_string(memory->length));
}

}  // namespace metal_sim

namespace {

EncoderState& state(id encoder) { return metal_sim::stateOf<EncoderState>(encoder); }

}  // namespace

@implementation SimCommandEncoder

- (void)setLabel:(NSString*)label {
  [super setLabel:label];
  if (!state(self).ended) state(self).record().label = metal_sim::utf8(label);
}

- (void)endEncoding {
  if (!state(self).encoding("-[MTLCommandEncoder endEncoding]")) return;
  state(self).ended = true;
  state(self).buffer->encoding = false;
}

- (void)insertDebugSignpost:(NSString*)name {
  if (state(self).encoding("-[MTLCommandEncoder insertDebugSignpost:]"))
    state(self).record().signposts.push_back(name.UTF8String);
}

- (void)pushDebugGroup:(NSString*)name {
  state(self).groups.push_back(name.UTF8String);
}

- (void)popDebugGroup {
  if (metal_sim::require(!state(self).groups.empty(), "-[MTLCommandEncoder popDebugGroup]", "no group was pushed")) {
    state(self).groups.pop_back();
  }
}

- (void)updateFence:(id<MTLFence>)fence {
  if (state(self).encoding("-[MTLCommandEncoder updateFence:]")) state(self).buffer->keep(fence);
}

// Which fence it is does not matter: a fence was updated by an earlier encoder, or there is nothing to wait for.
- (void)waitForFence:(id<MTLFence>)fence {
  if (!state(self).encoding("-[MTLCommandEncoder waitForFence:]")) return;
  state(self).buffer->keep(fence);
  state(self).record().waitsForFence = true;
}

@end
