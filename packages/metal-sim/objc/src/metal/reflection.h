#ifndef METAL_SIM_OBJC_REFLECTION_H
#define METAL_SIM_OBJC_REFLECTION_H

#include "pipeline.h"

namespace metal_sim {

// Autoreleased: the bindings of buffers and threadgroup memory, in the order of the source.
MTLComputePipelineReflection* reflectionOf(std::shared_ptr<const Pipeline> pipeline);

}  // namespace metal_sim
#endif
