#ifndef METAL_SIM_OBJC_COMPUTE_ENCODER_H
#define METAL_SIM_OBJC_COMPUTE_ENCODER_H

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "command_buffer.h"
#include "encoder.h"

@interface SimComputeCommandEncoder : SimCommandEncoder <MTLComputeCommandEncoder>
@end

namespace metal_sim {

constexpr size_t kBufferSlots = 31, kMaxBytes = 4096, kMaxThreadgroupMemory = 32768;

// What is bound to [[buffer(n)]].
struct Binding {
  std::shared_ptr<Memory> memory;
  NSUInteger offset = 0;
  std::optional<std::string> bytes;  // setBytes

  bool bound() const { return memory || bytes; }
  size_t size() const { return bytes ? bytes->size() : memory->length - offset; }
};

struct ComputeState : EncoderState {
  ComputeState(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> buffer, MTLDispatchType type)
      : EncoderState(device, std::move(buffer)), type(type) {}
  const MTLDispatchType type;
  std::shared_ptr<const Pipeline> pipeline;
  std::array<Binding, kBufferSlots> buffers;
  std::array<NSUInteger, kBufferSlots> threadgroupMemory = {};
  bool dispatched = false;
};

// Autoreleased. `descriptor` may be nil.
id<MTLComputeCommandEncoder> makeComputeEncoder(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> buffer,
                                                MTLDispatchType type, MTLComputePassDescriptor* descriptor);

// Checks what API validation checks of a dispatch and adds it to the command buffer. `grid` is as the runner's protocol
// has it
// ("groups 1 2 3"), `indirect` the memory that it is read from, or null.
void addDispatch(ComputeState& state, const char* method, const std::string& grid, MTLSize threadsPerThreadgroup,
                 const std::shared_ptr<Memory>& indirect);

}  // namespace metal_sim
#endif
