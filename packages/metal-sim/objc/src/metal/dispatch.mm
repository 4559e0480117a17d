// What API validation checks of a dispatch, and its line in the runner's protocol.
#include <algorithm>

#include "../runner/wire.h"
#include "compute_encoder.h"
#include "configuration.h"

namespace metal_sim {
namespace {

std::string named(const ParameterInfo& parameter) {
  return "index " + std::to_string(parameter.index) + " for " + parameter.name + "[0]";
}

bool checkThreads(const Pipeline& pipeline, MTLSize threads, const char* method) {
  const NSUInteger total = threads.width * threads.height * threads.depth;
  const std::string size = "(threadsPerThreadgroup.width (" + std::to_string(threads.width) + ") * height (" +
                           std::to_string(threads.height) + ") * depth (" + std::to_string(threads.depth) + ")) (" +
                           std::to_string(total) + ")";
  return require(total > 0, method, size + " must not be 0") &&
         require(total <= pipeline.maxThreads, method,
                 size + " must be <= " + std::to_string(pipeline.maxThreads) +
                     " (the pipeline's maxTotalThreadsPerThreadgroup)") &&
         require(!pipeline.multipleOfWidth || total % kThreadExecutionWidth == 0, method,
                 size + " must be a multiple of 32, as the pipeline was promised");
}

bool checkBuffer(const ParameterInfo& parameter, const Binding& binding, bool surelyPresent, const char* method) {
  if (!binding.bound()) {
    return !surelyPresent || require(false, method, "missing Buffer binding at " + named(parameter));
  }
  const bool constant = parameter.kind == "constant";
  if (binding.bytes && parameter.access != "r" &&
      !require(false, method, "bytes are set at " + named(parameter) + ", which the function writes to")) {
    return false;
  }
  // Device memory to the element, at most 16 bytes; constant memory to 4 at least, as GPUs of Apple have it.
  const size_t alignment = std::max<size_t>(std::min<size_t>(parameter.alignment, 16), constant ? 4 : 1);
  return require(binding.offset % alignment == 0, method,
                 "offset (" + std::to_string(binding.offset) + ") at " + named(parameter) + " must be a multiple of " +
                     std::to_string(alignment)) &&
         require(binding.size() >= parameter.bytes, method,
                 "the binding at " + named(parameter) + " has " + std::to_string(binding.size()) +
                     " bytes, which is less than the " + std::to_string(parameter.bytes) + " of " + parameter.type);
}

std::string argument(uint32_t index, const Binding& binding) {
  const std::string head = " " + std::to_string(index) + "=";
  if (binding.bytes) return head + "v:" + hex(binding.bytes->data(), binding.bytes->size());
  return head + "b:" + binding.memory->id + ":" + std::to_string(binding.offset);
}

std::string labelOf(ComputeState& state) {
  std::string label = state.record().label;
  for (const auto* groups : {&state.buffer->groups, &state.groups}) {
    for (const std::string& group : *groups) label += (label.empty() ? "" : "/") + group;
  }
  return label;
}

}  // namespace

void addDispatch(ComputeState& state, const char* method, const std::string& grid, MTLSize threads,
                 const std::shared_ptr<Memory>& indirect) {
  if (!state.encoding(method)) return;
  if (!require(state.pipeline != nullptr, method, "no compute pipeline is set")) return;
  const Pipeline& pipeline = *state.pipeline;
  if (!checkThreads(pipeline, threads, method)) return;

  Dispatch dispatch = {"", state.pipeline, {}};
  std::string arguments;
  NSUInteger threadgroupMemory = 0;
  for (size_t i = 0; i < pipeline.kernel.parameters.size(); ++i) {
    const ParameterInfo& parameter = pipeline.kernel.parameters[i];
    const std::optional<bool> present = pipeline.present[i];
    if (parameter.kind == "builtin" || present == false || parameter.index >= kBufferSlots) continue;
    if (parameter.kind == "threadgroup") {
      const NSUInteger length = state.threadgroupMemory[parameter.index];
      if (present == true && !require(length > 0, method, "missing threadgroup memory length at " + named(parameter)))
        return;
      threadgroupMemory += length;
      arguments += " " + std::to_string(parameter.index) + "=t:" + std::to_string(length);
      continue;
    }
    const Binding& binding = state.buffers[parameter.index];
    if (!checkBuffer(parameter, binding, present == true, method)) return;
    if (!binding.bound()) continue;
    arguments += argument(parameter.index, binding);
    if (binding.memory) dispatch.uses.push_back({binding.memory, parameter.access != "r"});
  }
  if (!require(threadgroupMemory <= kMaxThreadgroupMemory, method,
               "threadgroup memory (" + std::to_string(threadgroupMemory) + ") exceeds the device's 32768 bytes")) {
    return;
  }
  if (indirect) dispatch.uses.push_back({indirect, false});
  dispatch.request = "dispatch " + pipeline.library.info->id + " " + encoded(pipeline.kernel.name) + " " + grid + " " +
                     std::to_string(threads.width) + " " + std::to_string(threads.height) + " " +
                     std::to_string(threads.depth) + arguments + " ;" +
                     (pipeline.constants.empty() ? "" : " " + pipeline.constants) + " ; " + encoded(labelOf(state)) +
                     "\n";
  ++counters().dispatches;
  if (state.type == MTLDispatchTypeSerial && state.dispatched) state.add(Barrier());
  state.dispatched = true;
  state.add(std::move(dispatch));
}

}  // namespace metal_sim
