#include "encoder.h"

#include <algorithm>

namespace metal_core {
namespace {

// Kernels can be limited to fewer threads than the device by the registers they use, which is known once the pipeline
// has been compiled: maybe after the dispatch was recorded.
void checkThreads(const Dispatch& dispatch, id<MTLComputePipelineState> state) {
  const uint64_t threads = uint64_t{dispatch.threadgroup[0]} * dispatch.threadgroup[1] * dispatch.threadgroup[2];
  const uint64_t most = [state maxTotalThreadsPerThreadgroup];
  if (threads <= most) return;
  throw Error(ErrorCode::kKernel,
              "[" + dispatch.kernel->name + "] expected a threadgroup of at most " + std::to_string(most) +
                  " in all for this kernel on this GPU, got " + std::to_string(threads) + "; use a smaller one",
              dispatch.kernel->name, dispatch.label);
}

}  // namespace

void awaitPipelines(const Graph& graph) {
  for (const Dispatch& dispatch : graph.dispatches()) {
    checkThreads(dispatch, static_cast<const MetalPrepared&>(*dispatch.prepared).pipeline->wait());
  }
}

void encodeDispatch(id<MTLComputeCommandEncoder> encoder, const Encoding& encoding, size_t index) {
  const Dispatch& dispatch = encoding.graph.dispatches()[index];
  const auto& prepared = static_cast<const MetalPrepared&>(*dispatch.prepared);
  [encoder setComputePipelineState:prepared.pipeline->wait()];
  for (const auto& [slot, memory, offset] : prepared.bound) [encoder setBuffer:memory offset:offset atIndex:slot];
  for (const auto& [slot, bytes, byteLength] : prepared.values) [encoder setBytes:bytes length:byteLength atIndex:slot];
  if (!prepared.entry->failures.empty()) {
    const auto& failing = encoding.plan.failing();
    const auto at = static_cast<size_t>(std::lower_bound(failing.begin(), failing.end(), index) - failing.begin());
    [encoder setBuffer:encoding.block.memory() offset:encoding.plan.statusOffset(at) atIndex:prepared.entry->statusSlot];
  }
  if (encoding.indirect) {
    [encoder dispatchThreadgroupsWithIndirectBuffer:encoding.block.memory()
                               indirectBufferOffset:encoding.plan.liveOffset() + 12 * index
                              threadsPerThreadgroup:prepared.threadgroup];
  } else {
    [encoder dispatchThreadgroups:prepared.grid threadsPerThreadgroup:prepared.threadgroup];
  }
}

void encodeStep(id<MTLComputeCommandEncoder> encoder, const Encoding& encoding, bool first) {
  const std::vector<uint32_t>& stages = encoding.graph.stages();
  for (size_t i = 0; i < stages.size(); i++) {
    if (i == 0 ? !first : stages[i] != stages[i - 1]) [encoder memoryBarrierWithScope:MTLBarrierScopeBuffers];
    encodeDispatch(encoder, encoding, i);
  }
}

}  // namespace metal_core
