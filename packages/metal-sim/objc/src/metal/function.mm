#include "function.h"

#include <vector>

#include "data_type.h"

using metal_sim::FunctionState;
using metal_sim::stateOf;

namespace {

struct ConstantState : metal_sim::State {
  ConstantState(std::shared_ptr<const metal_sim::LibraryInfo> library, const metal_sim::ConstantInfo& info)
      : library(std::move(library)), info(info) {}
  std::shared_ptr<const metal_sim::LibraryInfo> library;
  const metal_sim::ConstantInfo& info;
};

}  // namespace

id<MTLFunction> metal_sim::makeFunction(id<MTLDevice> device, const LoadedLibrary& library, const std::string& name,
                                        std::map<uint32_t, std::string> constants) {
  for (const KernelInfo& kernel : library.info->kernels) {
    if (kernel.name == name)
      return withState<FunctionState>([SimFunction alloc], device, library, kernel, std::move(constants));
  }
  return nil;
}

@implementation MTLFunctionConstant

- (NSString*)name {
  return metal_sim::string(stateOf<ConstantState>(self).info.name);
}

- (MTLDataType)type {
  return metal_sim::dataTypeOf(stateOf<ConstantState>(self).info.type);
}

- (NSUInteger)index {
  return stateOf<ConstantState>(self).info.index;
}

// A constant without a value is zero here.
- (BOOL)required {
  return NO;
}

@end

@implementation SimFunction

- (NSString*)name {
  return metal_sim::string(stateOf<FunctionState>(self).kernel.name);
}

- (MTLFunctionType)functionType {
  return MTLFunctionTypeKernel;
}

// Those of the whole library: which of them a function uses is not known.
- (NSDictionary*)functionConstantsDictionary {
  const auto& info = stateOf<FunctionState>(self).library.info;
  std::vector<id> names, constants;
  for (const auto& constant : info->constants) {
    names.push_back(metal_sim::string(constant.name));
    constants.push_back([metal_sim::withState<ConstantState>([MTLFunctionConstant alloc], info, constant) autorelease]);
  }
  return [NSDictionary dictionaryWithObjects:constants.data() forKeys:names.data() count:names.size()];
}

@end
