// Shared buffers through which bytes go to and come from memory that the host does not see, used over and over.
#ifndef METAL_CORE_METAL_STAGING_H
#define METAL_CORE_METAL_STAGING_H

#import <Metal/Metal.h>

#include <cstdint>
#include <mutex>
#include <vector>

#include "retained.h"

namespace metal_core {

class Staging {
 public:
  // Large enough that a copy takes longer than its command, small enough to be kept.
  static constexpr uint64_t kPieceBytes = 16 << 20;

  explicit Staging(id<MTLDevice> device) : device_(Retained<id<MTLDevice>>::share(device)) {}

  // A shared buffer of at least `byteLength` bytes (at most kPieceBytes), whose contents are undefined. From any thread.
  // Throws Error (kOutOfMemory).
  Retained<id<MTLBuffer>> take(uint64_t byteLength);
  // Once no command in flight uses it.
  void give(Retained<id<MTLBuffer>> buffer);

 private:
  static constexpr uint64_t kKeptBytes = 4 * kPieceBytes, kLeastBytes = 64 << 10;
  std::mutex mutex_;
  Retained<id<MTLDevice>> device_;
  std::vector<Retained<id<MTLBuffer>>> free_;
  uint64_t keptBytes_ = 0;
};

}  // namespace metal_core
#endif
