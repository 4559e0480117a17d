#include "graph.h"

#include <algorithm>

namespace metal_core {
namespace {

constexpr uint64_t kMaxThreadgroups = uint64_t{1} << 53;

[[noreturn]] void refuse(const Dispatch& dispatch, const std::string& what) {
  throw Error(ErrorCode::kArgument, "[" + dispatch.kernel->name + "] " + what);
}

uint64_t product(const Dispatch& dispatch, const char* name, const Size3& size, uint64_t limit) {
  uint64_t total = 1;
  for (uint32_t n : size) {
    if (n == 0) refuse(dispatch, std::string("expected a ") + name + " of positive sizes, got 0; use 1 for unused axes");
    if (total > limit / n) {
      refuse(dispatch, std::string("expected a ") + name + " of at most " + std::to_string(limit) + " in all, got " +
                           std::to_string(size[0]) + " x " + std::to_string(size[1]) + " x " + std::to_string(size[2]) +
                           "; split the dispatch");
    }
    total *= n;
  }
  return total;
}

void checkBinding(const Dispatch& dispatch, const Argument& argument, const Binding& binding) {
  const std::string name = "argument '" + argument.name + "'";
  if (argument.access == Access::kValue) {
    if (binding.buffer) refuse(dispatch, "expected bytes by value for " + name + ", got a buffer; pass a typed array");
    if (binding.value.size() == 0 && argument.optional) return;
    if (binding.value.size() != argument.valueBytes) {
      refuse(dispatch, "expected " + std::to_string(argument.valueBytes) + " bytes by value for " + name + ", got " +
                           std::to_string(binding.value.size()) + "; pass a typed array of that size");
    }
    return;
  }
  if (binding.value.size() != 0) {
    refuse(dispatch, "expected a buffer for " + name + ", got bytes by value; put them into a DeviceBuffer");
  }
  if (!binding.buffer) {
    if (argument.optional) return;
    refuse(dispatch, "expected a buffer for " + name + ", got null; only optional arguments may be left out");
  }
  const Buffer& buffer = *binding.buffer;
  if (binding.size == 0 || binding.offset > buffer.byteLength || binding.size > buffer.byteLength - binding.offset) {
    refuse(dispatch, "expected a range inside the " + std::to_string(buffer.byteLength) + " bytes of the buffer for " +
                         name + ", got " + std::to_string(binding.size) + " bytes at " +
                         std::to_string(binding.offset) + "; shorten the view");
  }
  if (((buffer.address() + binding.offset) & (uint64_t{argument.alignment} - 1)) != 0) {
    refuse(dispatch, "expected an address aligned to " + std::to_string(argument.alignment) + " bytes for " + name +
                         ", got offset " + std::to_string(binding.offset) + "; move the data to an aligned offset");
  }
  if (writes(argument.access) && !buffer.writable) {
    refuse(dispatch, "expected writable memory for " + name + ", got a mapped file; copy it into a buffer first");
  }
}

// A range that is written and overlaps another one of the same dispatch would be read half-written. Kernels that read
// each element before they write it name the argument that may be the same.
void checkAliasing(const Dispatch& dispatch) {
  const std::vector<Argument>& arguments = dispatch.kernel->arguments;
  const auto rangeOf = [&](size_t i) {
    const Binding& b = dispatch.bindings[i];
    return TouchedRange{b.buffer.get(), b.offset, b.offset + b.size, writes(arguments[i].access)};
  };
  for (size_t i = 0; i < arguments.size(); i++) {
    if (!dispatch.bindings[i].buffer) continue;
    for (size_t j = i + 1; j < arguments.size(); j++) {
      if (!dispatch.bindings[j].buffer || !conflict(rangeOf(i), rangeOf(j))) continue;
      const bool named = arguments[i].mayAlias == j + 1 || arguments[j].mayAlias == i + 1;
      if (named && dispatch.bindings[i].offset == dispatch.bindings[j].offset) continue;
      refuse(dispatch, "expected arguments '" + arguments[i].name + "' and '" + arguments[j].name +
                           "' to share no bytes, as one of them is written, got ranges that overlap; " +
                           (named ? "bind the same range to both, or separate ones" : "bind separate memory"));
    }
  }
}

}  // namespace

void Graph::record(Dispatch dispatch) {
  if (frozen_) {
    throw Error(ErrorCode::kArgument,
                "[graph.dispatch] expected a graph that has not been submitted, got one that has; record a new graph");
  }
  product(dispatch, "grid", dispatch.grid, kMaxThreadgroups);
  const uint32_t own = dispatch.kernel->maxThreadsPerThreadgroup();
  product(dispatch, "threadgroup", dispatch.threadgroup, own == 0 ? maxThreads_ : std::min(own, maxThreads_));
  const std::vector<Argument>& arguments = dispatch.kernel->arguments;
  if (dispatch.bindings.size() != arguments.size()) {
    refuse(dispatch, "expected " + std::to_string(arguments.size()) + " arguments, got " +
                         std::to_string(dispatch.bindings.size()) + "; bind each argument, null for optional ones");
  }
  std::vector<TouchedRange> ranges;
  for (size_t i = 0; i < arguments.size(); i++) {
    const Binding& binding = dispatch.bindings[i];
    checkBinding(dispatch, arguments[i], binding);
    if (!binding.buffer) continue;
    ranges.push_back({binding.buffer.get(), binding.offset, binding.offset + binding.size, writes(arguments[i].access)});
  }
  checkAliasing(dispatch);
  dispatch.prepared = dispatch.kernel->prepare(dispatch);
  dispatches_.push_back(std::move(dispatch));
  stages_.push_back(builder_.add(ranges));
}

void Graph::freeze(Device& device) {
  if (frozen_) return;
  finished_ = device.finish(*this);
  frozen_ = true;
}

void checkDone(const SubmitOptions& options, bool hostLooks) {
  const auto refuse = [](const std::string& what) { throw Error(ErrorCode::kArgument, "[graph.submit] " + what); };
  const Buffer& done = *options.done;
  if (done.byteLength < 4 || options.doneOffset > done.byteLength - 4) {
    refuse("expected a done flag of 4 bytes inside its buffer of " + std::to_string(done.byteLength) +
           " bytes, got offset " + std::to_string(options.doneOffset));
  }
  if ((done.address() + options.doneOffset) % 4 != 0 || !done.writable) {
    refuse("expected a done flag aligned to 4 bytes in writable memory, got another");
  }
  if (hostLooks && !done.host()) {
    refuse("expected a done flag that the host sees, as it is the host that looks at it between steps, got one in "
           "private memory; create its buffer with storage 'shared'");
  }
}

}  // namespace metal_core
