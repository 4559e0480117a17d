#include "pipeline.h"

#include "text.h"

namespace metal_core {
namespace {

void setConstant(MTLFunctionConstantValues* values, const MetalConstant& constant, uint32_t value) {
  const auto set = [&](const void* bytes) {
    [values setConstantValue:bytes type:constant.type atIndex:constant.index];
  };
  switch (constant.type) {
    case MTLDataTypeBool: {
      const bool flag = value != 0;
      return set(&flag);
    }
    case MTLDataTypeChar:
    case MTLDataTypeUChar: {
      const auto byte = static_cast<uint8_t>(value);
      return set(&byte);
    }
    case MTLDataTypeShort:
    case MTLDataTypeUShort: {
      const auto half = static_cast<uint16_t>(value);
      return set(&half);
    }
    case MTLDataTypeFloat: {
      const auto number = static_cast<float>(value);
      return set(&number);
    }
    default: return set(&value);  // int and uint; others are refused before (reflection.mm)
  }
}

}  // namespace

Pipeline::~Pipeline() {
  const AutoreleasePool pool;
  state_ = {};
}

id<MTLComputePipelineState> Pipeline::wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  ready_.wait(lock, [this] { return state_ || error_; });
  if (error_) throw *error_;
  return state_.get();
}

void Pipeline::finish(Retained<id<MTLComputePipelineState>> state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  maxThreads_.store(static_cast<uint32_t>([state.get() maxTotalThreadsPerThreadgroup]), std::memory_order_release);
  state_ = std::move(state);
  ready_.notify_all();
}

void Pipeline::fail(Error error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  error_ = std::move(error);
  ready_.notify_all();
}

Retained<id<MTLFunction>> specialize(id<MTLLibrary> library, const std::string& name,
                                     const std::vector<MetalConstant>& constants, const std::vector<uint32_t>& values) {
  const auto set = Retained<MTLFunctionConstantValues*>::adopt([[MTLFunctionConstantValues alloc] init]);
  for (size_t i = 0; i < constants.size(); i++) {
    if (constants[i].given) setConstant(set.get(), constants[i], values[i]);
  }
  NSError* error = nil;
  auto function = Retained<id<MTLFunction>>::adopt([library newFunctionWithName:toFoundation(name)
                                                                 constantValues:set.get()
                                                                          error:&error]);
  if (function) return function;
  throw Error(ErrorCode::kLibrary, "[" + name + "] expected a function that takes its constants, got \"" +
                                       reasonOf(error) + "\"; mend the source");
}

Retained<id<MTLComputePipelineState>> compilePipeline(id<MTLDevice> device, id<MTLFunction> function,
                                                      const std::string& name,
                                                      MTLComputePipelineReflection** reflection) {
  const auto descriptor = Retained<MTLComputePipelineDescriptor*>::adopt([[MTLComputePipelineDescriptor alloc] init]);
  descriptor.get().computeFunction = function;
  descriptor.get().label = toFoundation(name);
  // Bindings with their types; by its number, as the first bit was renamed (ArgumentInfo, BindingInfo).
  const auto options = static_cast<MTLPipelineOption>(reflection ? 1 | 2 : 0);
  NSError* error = nil;
  MTLAutoreleasedComputePipelineReflection found = nil;
  auto state = Retained<id<MTLComputePipelineState>>::adopt(
      [device newComputePipelineStateWithDescriptor:descriptor.get()
                                            options:options
                                         reflection:reflection ? &found : nil
                                              error:&error]);
  if (!state) {
    throw Error(ErrorCode::kLibrary, "[" + name + "] expected a pipeline that compiles, got \"" + reasonOf(error) +
                                         "\"; mend the source");
  }
  if (reflection) *reflection = found;
  return state;
}

}  // namespace metal_core
