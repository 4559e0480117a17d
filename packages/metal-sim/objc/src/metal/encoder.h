// What compute and blit encoders share.
#ifndef METAL_SIM_OBJC_ENCODER_H
#define METAL_SIM_OBJC_ENCODER_H

#include <memory>
#include <string>
#include <vector>

#include "command_buffer.h"

@interface SimCommandEncoder : SimObject <MTLCommandEncoder>
- (void)updateFence:(id<MTLFence>)fence;
- (void)waitForFence:(id<MTLFence>)fence;
@end

namespace metal_sim {

struct EncoderState : DeviceObject {
  EncoderState(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> buffer);
  ~EncoderState() override;

  EncoderRecord& record() { return buffer->list.encoders[index]; }
  template <class T>
  void add(T command) {
    buffer->list.commands.push_back(std::move(command));
  }
  // Rejects a call after endEncoding.
  bool encoding(const char* method) const;

  const std::shared_ptr<CommandBufferCore> buffer;
  const size_t index;  // in the list's encoders
  bool ended = false;
  std::vector<std::string> groups;
};

// Whether the buffer has these bytes.
bool within(const std::shared_ptr<Memory>& memory, size_t offset, size_t bytes, const char* method);

}  // namespace metal_sim
#endif
