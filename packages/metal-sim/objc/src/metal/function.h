#ifndef METAL_SIM_OBJC_FUNCTION_H
#define METAL_SIM_OBJC_FUNCTION_H

#include <cstdint>
#include <map>
#include <string>

#include "library.h"

@interface SimFunction : SimObject <MTLFunction>
@end

namespace metal_sim {

struct FunctionState : DeviceObject {
  FunctionState(id<MTLDevice> device, LoadedLibrary library, const KernelInfo& kernel,
                std::map<uint32_t, std::string> constants)
      : DeviceObject(device), library(std::move(library)), kernel(kernel), constants(std::move(constants)) {}
  LoadedLibrary library;
  const KernelInfo& kernel;  // of library.info
  std::map<uint32_t, std::string> constants;
};

// Retained; nil when the library has no such function.
id<MTLFunction> makeFunction(id<MTLDevice> device, const LoadedLibrary& library, const std::string& name,
                             std::map<uint32_t, std::string> constants);

}  // namespace metal_sim
#endif
