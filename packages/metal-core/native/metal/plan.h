// What the device makes of a whole graph, and the memory that a submission of it writes its results to.
#ifndef METAL_CORE_METAL_PLAN_H
#define METAL_CORE_METAL_PLAN_H

#include <mutex>

#include "../graph.h"
#include "context.h"
#include "kernel.h"

namespace metal_core {

// Shared memory of one submission: {steps begun, 3 unused words}, the status of each dispatch that can fail (4 words),
// then the sizes of indirect dispatches (3 words each), where a done flag makes the graph dispatch indirectly.
class RunBlock {
 public:
  explicit RunBlock(Retained<id<MTLBuffer>> memory) : memory_(std::move(memory)) {}
  id<MTLBuffer> memory() const { return memory_.get(); }
  uint32_t word(uint64_t i) const {
    return __atomic_load_n(static_cast<const uint32_t*>([memory_.get() contents]) + i, __ATOMIC_ACQUIRE);
  }

 private:
  Retained<id<MTLBuffer>> memory_;
};

class MetalPlan final : public Prepared {
 public:
  static constexpr uint64_t kStatusWords = 4;

  // Throws Error (kOutOfMemory).
  MetalPlan(std::shared_ptr<MetalContext> context, const Graph& graph);
  ~MetalPlan() override;

  // Zeroed. Throws Error (kOutOfMemory). From the device's threads.
  std::unique_ptr<RunBlock> take() const;
  void give(std::unique_ptr<RunBlock> block) const;

  // Bytes into a block.
  uint64_t statusOffset(size_t failing) const { return 4 * kStatusWords * (1 + failing); }
  uint64_t liveOffset() const { return statusOffset(failing_.size()); }
  id<MTLBuffer> sizes() const { return sizes_.get(); }
  uint32_t sizeWords() const { return sizeWords_; }

  // Indices of the dispatches that can fail, rising.
  const std::vector<size_t>& failing() const { return failing_; }

 private:
  std::shared_ptr<MetalContext> context_;
  std::vector<size_t> failing_;
  uint32_t sizeWords_ = 0;
  Retained<id<MTLBuffer>> sizes_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<RunBlock>> free_;  // submissions of one graph may overlap
};

// The first failure that the kernels of a submission told, if any.
std::optional<Error> failureIn(const Graph& graph, const MetalPlan& plan, const RunBlock& block);

}  // namespace metal_core
#endif
