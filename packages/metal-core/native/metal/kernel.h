// A kernel of a Metal library, and a dispatch of it.
#ifndef METAL_CORE_METAL_KERNEL_H
#define METAL_CORE_METAL_KERNEL_H

#include "../device.h"
#include "context.h"
#include "pipeline.h"
#include "reflection.h"

namespace metal_core {

// A recorded dispatch: what its encoding takes.
class MetalPrepared final : public Prepared {
 public:
  struct Bound {
    NSUInteger slot;
    id<MTLBuffer> memory;  // borrowed: the graph holds the buffer
    NSUInteger offset;
  };
  struct Value {
    NSUInteger slot;
    const void* bytes;  // of the dispatch
    NSUInteger byteLength;
  };
  std::shared_ptr<Pipeline> pipeline;
  std::shared_ptr<const MetalEntry> entry;
  std::vector<Bound> bound;
  std::vector<Value> values;
  std::vector<uint8_t> zeros;  // for by-value arguments that are left out
  MTLSize grid, threadgroup;
};

class MetalKernel final : public Kernel {
 public:
  std::unique_ptr<Prepared> prepare(const Dispatch& dispatch) const override;
  uint32_t maxThreadsPerThreadgroup() const override { return pipeline->maxThreads(); }
  std::shared_ptr<MetalContext> context;
  std::shared_ptr<const Library> library;
  std::shared_ptr<const MetalEntry> entry;
  std::shared_ptr<Pipeline> pipeline;
};

}  // namespace metal_core
#endif
