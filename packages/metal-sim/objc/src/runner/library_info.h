// What the runner says of a compiled library.
#ifndef METAL_SIM_OBJC_LIBRARY_INFO_H
#define METAL_SIM_OBJC_LIBRARY_INFO_H

#include <cstdint>
#include <string>
#include <vector>

namespace metal_sim {

struct ParameterInfo {
  std::string name, type;
  std::string kind;    // device, constant, threadgroup or builtin
  std::string access;  // r, w or rw
  uint32_t index = 0, bytes = 0, alignment = 1;
  std::string condition;  // name of a bool function constant, or empty
};

struct KernelInfo {
  std::string name;
  uint32_t maxThreads = 1024;
  std::vector<ParameterInfo> parameters;
};

struct ConstantInfo {
  std::string name, type;
  uint32_t index = 0, bytes = 0;
};

struct LibraryInfo {
  std::string id, path;
  std::vector<KernelInfo> kernels;
  std::vector<ConstantInfo> constants;
};

}  // namespace metal_sim
#endif
