#include "kernel.h"

#include <algorithm>

#include "../graph.h"
#include "memory.h"

namespace metal_core {
namespace {

MTLSize sizeOf(const Size3& size) { return MTLSizeMake(size[0], size[1], size[2]); }

}  // namespace

std::unique_ptr<Prepared> MetalKernel::prepare(const Dispatch& dispatch) const {
  auto prepared = std::make_unique<MetalPrepared>();
  prepared->pipeline = pipeline;
  prepared->entry = entry;
  prepared->grid = sizeOf(dispatch.grid);
  prepared->threadgroup = sizeOf(dispatch.threadgroup);
  uint32_t missing = 0;
  for (const Argument& argument : arguments) missing = std::max(missing, argument.valueBytes);
  prepared->zeros.resize(missing);
  for (size_t i = 0; i < dispatch.bindings.size(); i++) {
    const Binding& binding = dispatch.bindings[i];
    const NSUInteger slot = entry->slots[i];
    if (arguments[i].access == Access::kValue) {
      const bool given = binding.value.size() > 0;
      prepared->values.push_back(
          {slot, given ? static_cast<const void*>(binding.value.data()) : prepared->zeros.data(), arguments[i].valueBytes});
    } else if (binding.buffer) {
      const auto& buffer = static_cast<const MetalBuffer&>(*binding.buffer);
      prepared->bound.push_back({slot, buffer.memory(), buffer.start() + binding.offset});
    } else {
      prepared->bound.push_back({slot, context->nothing(), 0});
    }
  }
  return prepared;
}

}  // namespace metal_core
