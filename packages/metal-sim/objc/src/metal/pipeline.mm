#include "pipeline.h"

#include <algorithm>

#include "../runner/wire.h"
#include "property.h"

namespace {

struct PipelineObject : metal_sim::DeviceObject {
  PipelineObject(id<MTLDevice> device, std::shared_ptr<const metal_sim::Pipeline> pipeline)
      : DeviceObject(device), pipeline(std::move(pipeline)) {}
  std::shared_ptr<const metal_sim::Pipeline> pipeline;
};

struct Descriptor : metal_sim::State {
  metal_sim::Strong<NSString*> label;
  metal_sim::Strong<id<MTLFunction>> computeFunction;
  BOOL threadGroupSizeIsMultipleOfThreadExecutionWidth = NO, supportIndirectCommandBuffers = NO;
  NSUInteger maxTotalThreadsPerThreadgroup = 0;
};

Descriptor& state(id descriptor) { return metal_sim::stateOf<Descriptor>(descriptor); }

// A parameter is there unless the bool function constant that it depends on is false. One that is derived from others
// is only known when the kernel runs.
std::optional<bool> presence(const metal_sim::ParameterInfo& parameter, const metal_sim::FunctionState& function) {
  if (parameter.condition.empty()) return true;
  for (const auto& constant : function.library.info->constants) {
    if (constant.name != parameter.condition) continue;
    const auto value = function.constants.find(constant.index);
    return value != function.constants.end() && value->second.find_first_not_of('\0') != std::string::npos;
  }
  return std::nullopt;
}

}  // namespace

id<MTLComputePipelineState> metal_sim::makePipeline(id<MTLDevice> device, MTLComputePipelineDescriptor* descriptor) {
  const auto& function = stateOf<FunctionState>(descriptor.computeFunction);
  std::string constants;
  for (const auto& [index, bytes] : function.constants) {
    constants += (constants.empty() ? "" : " ") + std::to_string(index) + "=" + hex(bytes.data(), bytes.size());
  }
  std::vector<std::optional<bool>> present;
  for (const auto& parameter : function.kernel.parameters) present.push_back(presence(parameter, function));
  uint32_t maxThreads = function.kernel.maxThreads;
  if (descriptor.maxTotalThreadsPerThreadgroup > 0) {
    maxThreads = std::min(maxThreads, static_cast<uint32_t>(descriptor.maxTotalThreadsPerThreadgroup));
  }
  auto pipeline = std::make_shared<const Pipeline>(
      Pipeline{function.library, function.kernel, std::move(constants), std::move(present), maxThreads,
               static_cast<bool>(descriptor.threadGroupSizeIsMultipleOfThreadExecutionWidth)});
  SimComputePipelineState* object =
      withState<PipelineObject>([SimComputePipelineState alloc], device, std::move(pipeline));
  object.label = descriptor.label;
  return object;
}

std::shared_ptr<const metal_sim::Pipeline> metal_sim::pipelineOf(id<MTLComputePipelineState> pipeline) {
  return stateOf<PipelineObject>(pipeline).pipeline;
}

@implementation MTLComputePipelineDescriptor

- (instancetype)init {
  return metal_sim::withState<Descriptor>(self);
}

METAL_SIM_OBJECT_PROPERTY(NSString*, label, setLabel, copy)
METAL_SIM_OBJECT_PROPERTY(id<MTLFunction>, computeFunction, setComputeFunction, retain)
METAL_SIM_PROPERTY(BOOL, threadGroupSizeIsMultipleOfThreadExecutionWidth,
                   setThreadGroupSizeIsMultipleOfThreadExecutionWidth)
METAL_SIM_PROPERTY(BOOL, supportIndirectCommandBuffers, setSupportIndirectCommandBuffers)
METAL_SIM_PROPERTY(NSUInteger, maxTotalThreadsPerThreadgroup, setMaxTotalThreadsPerThreadgroup)

- (void)reset {
  metal_sim::withState<Descriptor>(self);
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLComputePipelineDescriptor* copy = [[MTLComputePipelineDescriptor alloc] init];
  state(copy) = state(self);
  return copy;
}

@end

@implementation SimComputePipelineState

- (NSUInteger)maxTotalThreadsPerThreadgroup {
  return metal_sim::pipelineOf(self)->maxThreads;
}

- (NSUInteger)threadExecutionWidth {
  return metal_sim::kThreadExecutionWidth;
}

// Known only when a kernel runs: the runner then refuses more than 32 KB.
- (NSUInteger)staticThreadgroupMemoryLength {
  return 0;
}

- (BOOL)supportIndirectCommandBuffers {
  return NO;
}

@end
