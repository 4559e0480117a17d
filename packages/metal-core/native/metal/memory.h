// Memory of the Metal device: shared with the host, private to the GPU, or a file that is mapped without a copy.
#ifndef METAL_CORE_METAL_MEMORY_H
#define METAL_CORE_METAL_MEMORY_H

#include "../device.h"
#include "context.h"

namespace metal_core {

class MetalBuffer final : public Buffer {
 public:
  // `start`: where the buffer's first byte is in `memory`.
  MetalBuffer(std::shared_ptr<MetalContext> context, Retained<id<MTLBuffer>> memory, uint64_t start, uint64_t byteLength,
              Storage storage, bool writable);
  ~MetalBuffer() override;

  void* host() const override { return host_; }
  uint64_t address() const override { return [memory() gpuAddress] + start_; }
  id<MTLBuffer> memory() const { return memory_.get(); }
  uint64_t start() const { return start_; }

 private:
  std::shared_ptr<MetalContext> context_;
  Retained<id<MTLBuffer>> memory_;
  const uint64_t start_;
  void* host_ = nullptr;
};

// Zero-filled. Throws Error (kOutOfMemory).
std::shared_ptr<MetalBuffer> allocateMetal(const std::shared_ptr<MetalContext>& context, uint64_t byteLength,
                                           Storage storage);

// Read-only. byteLength 0: to the end of the file. Throws Error: kFile, kOutOfMemory when it is larger than the GPU takes.
std::shared_ptr<MetalBuffer> mapFileMetal(const std::shared_ptr<MetalContext>& context, const std::string& path,
                                          uint64_t offset, uint64_t byteLength);

}  // namespace metal_core
#endif
