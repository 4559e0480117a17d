// The backend's own kernels.
#ifndef METAL_CORE_METAL_BUILTINS_H
#define METAL_CORE_METAL_BUILTINS_H

#import <Metal/Metal.h>

#include <cstdint>

#include "retained.h"

namespace metal_core {

// Of one device; used on its encoding thread.
class Builtins {
 public:
  explicit Builtins(id<MTLDevice> device) : device_(Retained<id<MTLDevice>>::share(device)) {}
  ~Builtins();

  // Before a step: while the done flag is clear it counts the step and copies `sizes`, which are those of its indirect
  // dispatches, to `live`; otherwise it zeroes `live`, and the step does nothing. Throws Error (kLibrary).
  struct Gate {
    id<MTLBuffer> done;
    uint64_t doneOffset;
    id<MTLBuffer> sizes;  // from 0
    id<MTLBuffer> block;  // the counter is its first word
    uint64_t liveOffset;  // in the block
    uint32_t words;
  };
  void gate(id<MTLCommandBuffer> commands, const Gate& gate);

  // Copies bytes that are not whole words, which blits do not. Throws Error (kLibrary).
  void copyBytes(id<MTLCommandBuffer> commands, id<MTLBuffer> from, id<MTLBuffer> to, uint64_t toOffset, uint64_t byteLength);

 private:
  id<MTLComputePipelineState> pipeline(const char* name, Retained<id<MTLComputePipelineState>>& kept);
  Retained<id<MTLDevice>> device_;
  Retained<id<MTLLibrary>> library_;  // compiled when it is first needed
  Retained<id<MTLComputePipelineState>> gate_, copy_;
};

}  // namespace metal_core
#endif
