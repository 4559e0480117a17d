#ifndef METAL_SIM_OBJC_PIPELINE_H
#define METAL_SIM_OBJC_PIPELINE_H

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "function.h"

@interface SimComputePipelineState : SimObject <MTLComputePipelineState>
@end

namespace metal_sim {

// What a dispatch takes from a pipeline; outlives the object in command buffers with unretained references.
struct Pipeline {
  LoadedLibrary library;
  const KernelInfo& kernel;
  std::string constants;                     // as the runner's protocol has them: INDEX=HEX …
  std::vector<std::optional<bool>> present;  // of each parameter, where the function constants decide it; else unknown
  uint32_t maxThreads;
  bool multipleOfWidth;  // threadGroupSizeIsMultipleOfThreadExecutionWidth was promised
};

constexpr NSUInteger kThreadExecutionWidth = 32;

// Retained.
id<MTLComputePipelineState> makePipeline(id<MTLDevice> device, MTLComputePipelineDescriptor* descriptor);
std::shared_ptr<const Pipeline> pipelineOf(id<MTLComputePipelineState> pipeline);

}  // namespace metal_sim
#endif
