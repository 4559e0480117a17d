// Copies between host bytes and GPU memory, in order with everything else of the stream.
#ifndef METAL_CORE_METAL_BLITS_H
#define METAL_CORE_METAL_BLITS_H

#include "builtins.h"
#include "memory.h"
#include "stream.h"

namespace metal_core {

// Bytes on their way into a buffer. Filled on the caller's thread; `encode` runs on the encoding thread.
class Upload {
 public:
  // Copies the bytes. Throws Error (kOutOfMemory).
  Upload(std::shared_ptr<MetalContext> context, std::shared_ptr<MetalBuffer> buffer, uint64_t offset, const uint8_t* data,
         uint64_t byteLength);
  ~Upload();
  void encode(id<MTLCommandBuffer> commands, Builtins& builtins) const;

 private:
  struct Piece {
    Retained<id<MTLBuffer>> memory;
    uint64_t offset, byteLength;  // in the buffer
  };
  std::shared_ptr<MetalContext> context_;
  std::shared_ptr<MetalBuffer> buffer_;
  std::vector<Piece> pieces_;
};

// Reads a range, piece by piece; on the encoding thread. `onRead` is called once, on the waiting thread.
void download(const std::shared_ptr<MetalContext>& context, Stream& stream, std::shared_ptr<MetalBuffer> buffer,
              uint64_t offset, uint64_t byteLength, OnRead onRead);

}  // namespace metal_core
#endif
