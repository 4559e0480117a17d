#include "plan.h"

#include <cstring>

#include "../description.h"

namespace metal_core {
namespace {

[[noreturn]] void outOfMemory() {
  throw Error(ErrorCode::kOutOfMemory, "[graph.submit] expected memory for the state of the submission, got none from the "
                                       "GPU; dispose buffers");
}

}  // namespace

MetalPlan::MetalPlan(std::shared_ptr<MetalContext> context, const Graph& graph) : context_(std::move(context)) {
  const std::vector<Dispatch>& dispatches = graph.dispatches();
  sizeWords_ = static_cast<uint32_t>(3 * dispatches.size());
  sizes_ = context_->newBuffer(4 * uint64_t{sizeWords_}, MTLResourceStorageModeShared);
  if (!sizes_) outOfMemory();
  auto* words = static_cast<uint32_t*>([sizes_.get() contents]);
  for (size_t i = 0; i < dispatches.size(); i++) {
    std::memcpy(words + 3 * i, dispatches[i].grid.data(), 12);
    if (!static_cast<const MetalPrepared&>(*dispatches[i].prepared).entry->failures.empty()) failing_.push_back(i);
  }
}

MetalPlan::~MetalPlan() {
  const AutoreleasePool pool;
  free_.clear();
  sizes_ = {};
}

std::unique_ptr<RunBlock> MetalPlan::take() const {
  std::unique_ptr<RunBlock> block;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      block = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!block) {
    auto memory = context_->newBuffer(liveOffset() + 4 * uint64_t{sizeWords_}, MTLResourceStorageModeShared);
    if (!memory) outOfMemory();
    return std::make_unique<RunBlock>(std::move(memory));
  }
  std::memset([block->memory() contents], 0, liveOffset());
  return block;
}

void MetalPlan::give(std::unique_ptr<RunBlock> block) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(std::move(block));
}

std::optional<Error> failureIn(const Graph& graph, const MetalPlan& plan, const RunBlock& block) {
  for (size_t i = 0; i < plan.failing().size(); i++) {
    const uint64_t word = plan.statusOffset(i) / 4;
    const uint32_t code = block.word(word);
    if (code == 0) continue;
    const Dispatch& dispatch = graph.dispatches()[plan.failing()[i]];
    const std::vector<std::string>& failures =
        static_cast<const MetalPrepared&>(*dispatch.prepared).entry->failures;
    const std::string message = failureMessage(failures, code, block.word(word + 1), block.word(word + 2));
    return Error(ErrorCode::kKernel, "[" + dispatch.kernel->name + "] " + message, dispatch.kernel->name, dispatch.label);
  }
  return std::nullopt;
}

}  // namespace metal_core
