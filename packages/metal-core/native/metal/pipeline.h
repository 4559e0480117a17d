// A kernel compiled for its function constants: made in the background, waited for by the thread that encodes.
#ifndef METAL_CORE_METAL_PIPELINE_H
#define METAL_CORE_METAL_PIPELINE_H

#import <Metal/Metal.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../error.h"
#include "retained.h"

namespace metal_core {

// A function constant by its index in the source. Values are handed over as uint32 and converted to `type`.
struct MetalConstant {
  NSUInteger index = 0;
  MTLDataType type = MTLDataTypeUInt;
  bool given = true;  // false: left undefined, for sources that ask is_function_constant_defined
};

class Pipeline {
 public:
  ~Pipeline();
  // Waits for the compiler. Throws what it said (kLibrary), or kDisposed. On threads of the device only.
  id<MTLComputePipelineState> wait();
  // Most threads in a threadgroup; 0 while it is not known.
  uint32_t maxThreads() const { return maxThreads_.load(std::memory_order_acquire); }

  void finish(Retained<id<MTLComputePipelineState>> state);
  void fail(Error error);

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  Retained<id<MTLComputePipelineState>> state_;
  std::optional<Error> error_;
  std::atomic<uint32_t> maxThreads_{0};
};

// The function with its constants set: one value for each constant. Throws Error (kLibrary) with the compiler's message.
Retained<id<MTLFunction>> specialize(id<MTLLibrary> library, const std::string& name,
                                     const std::vector<MetalConstant>& constants, const std::vector<uint32_t>& values);

// Compiles; `reflection`, when not null, is borrowed. Throws Error (kLibrary) with the compiler's message.
Retained<id<MTLComputePipelineState>> compilePipeline(id<MTLDevice> device, id<MTLFunction> function,
                                                      const std::string& name,
                                                      MTLComputePipelineReflection** reflection);

}  // namespace metal_core
#endif
