// Encodes the dispatches of a graph.
#ifndef METAL_CORE_METAL_ENCODER_H
#define METAL_CORE_METAL_ENCODER_H

#include "builtins.h"
#include "plan.h"

namespace metal_core {

// One submission's view of its graph.
struct Encoding {
  const Graph& graph;
  const MetalPlan& plan;
  const RunBlock& block;
  bool indirect;  // sizes come from the block, where a gate put them
};

// Waits for the compiler. Throws Error (kLibrary: a pipeline did not compile; kKernel: a threadgroup is too large for its
// kernel). To be called before an encoder is opened, which may not be left open: encoding itself throws nothing.
void awaitPipelines(const Graph& graph);

// One dispatch.
void encodeDispatch(id<MTLComputeCommandEncoder> encoder, const Encoding& encoding, size_t index);

// The whole step, with barriers between its stages, and one before it unless it is the encoder's first.
void encodeStep(id<MTLComputeCommandEncoder> encoder, const Encoding& encoding, bool first);

}  // namespace metal_core
#endif
