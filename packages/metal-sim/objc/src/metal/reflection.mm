#include "reflection.h"

#include "data_type.h"

using metal_sim::ParameterInfo;
using metal_sim::Pipeline;
using metal_sim::stateOf;

namespace {

struct BindingState : metal_sim::State {
  BindingState(std::shared_ptr<const Pipeline> pipeline, const ParameterInfo& parameter)
      : pipeline(std::move(pipeline)), parameter(parameter) {}
  std::shared_ptr<const Pipeline> pipeline;
  const ParameterInfo& parameter;
};

struct Bindings : metal_sim::State {
  metal_sim::Strong<NSArray*> bindings;
};

const ParameterInfo& parameter(id binding) { return stateOf<BindingState>(binding).parameter; }

}  // namespace

@interface SimBinding : NSObject <MTLBinding>
@end
@interface SimBufferBinding : SimBinding <MTLBufferBinding>
@end
@interface SimThreadgroupBinding : SimBinding <MTLThreadgroupBinding>
@end

@implementation SimBinding

- (NSString*)name {
  return metal_sim::string(parameter(self).name);
}

- (MTLBindingType)type {
  return parameter(self).kind == "threadgroup" ? MTLBindingTypeThreadgroupMemory : MTLBindingTypeBuffer;
}

- (MTLBindingAccess)access {
  if (parameter(self).access == "r") return MTLBindingAccessReadOnly;
  return parameter(self).access == "w" ? MTLBindingAccessWriteOnly : MTLBindingAccessReadWrite;
}

- (NSUInteger)index {
  return parameter(self).index;
}

- (BOOL)isUsed {
  return YES;
}

- (BOOL)isArgument {
  return YES;
}

@end

@implementation SimBufferBinding

- (NSUInteger)bufferAlignment {
  return parameter(self).alignment;
}

- (NSUInteger)bufferDataSize {
  return parameter(self).bytes;
}

- (MTLDataType)bufferDataType {
  return metal_sim::dataTypeOf(parameter(self).type);
}

@end

@implementation SimThreadgroupBinding

- (NSUInteger)threadgroupMemoryAlignment {
  return parameter(self).alignment;
}

- (NSUInteger)threadgroupMemoryDataSize {
  return parameter(self).bytes;
}

@end

@implementation MTLComputePipelineReflection

- (NSArray*)bindings {
  return stateOf<Bindings>(self).bindings.get();
}

@end

MTLComputePipelineReflection* metal_sim::reflectionOf(std::shared_ptr<const Pipeline> pipeline) {
  std::vector<id> bindings;
  for (size_t i = 0; i < pipeline->kernel.parameters.size(); ++i) {
    const ParameterInfo& parameter = pipeline->kernel.parameters[i];
    if (parameter.kind == "builtin" || pipeline->present[i] == false) continue;
    SimBinding* binding =
        parameter.kind == "threadgroup" ? (SimBinding*)[SimThreadgroupBinding alloc] : [SimBufferBinding alloc];
    bindings.push_back([withState<BindingState>(binding, pipeline, parameter) autorelease]);
  }
  MTLComputePipelineReflection* reflection = [withState<Bindings>([MTLComputePipelineReflection alloc]) autorelease];
  stateOf<Bindings>(reflection).bindings = Strong<NSArray*>([NSArray arrayWithObjects:bindings.data()
                                                                                count:bindings.size()]);
  return reflection;
}
