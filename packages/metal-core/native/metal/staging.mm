#include "staging.h"

#include "../error.h"

namespace metal_core {

Retained<id<MTLBuffer>> Staging::take(uint64_t byteLength) {
  // Two sizes, so that a small copy does not hold a large buffer.
  const uint64_t size = byteLength <= kLeastBytes ? kLeastBytes : kPieceBytes;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& buffer : free_) {
      if ([buffer.get() length] != size) continue;
      std::swap(buffer, free_.back());
      Retained<id<MTLBuffer>> found = std::move(free_.back());
      free_.pop_back();
      keptBytes_ -= size;
      return found;
    }
  }
  auto made = Retained<id<MTLBuffer>>::adopt([device_.get() newBufferWithLength:size
                                                                        options:MTLResourceStorageModeShared]);
  if (made) return made;
  throw Error(ErrorCode::kOutOfMemory, "[device] expected " + std::to_string(size) + " bytes of memory to copy through, "
                                       "got none from the system; dispose buffers");
}

void Staging::give(Retained<id<MTLBuffer>> buffer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t size = [buffer.get() length];
  if (keptBytes_ + size > kKeptBytes) return;
  keptBytes_ += size;
  free_.push_back(std::move(buffer));
}

}  // namespace metal_core
