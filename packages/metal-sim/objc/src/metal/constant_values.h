#ifndef METAL_SIM_OBJC_CONSTANT_VALUES_H
#define METAL_SIM_OBJC_CONSTANT_VALUES_H

#import <Metal/Metal.h>

#include <map>
#include <string>

#include "../object.h"
#include "../runner/library_info.h"

namespace metal_sim {

// A value as it was set: by index or by name.
struct ConstantValue {
  MTLDataType type;
  std::string bytes;
};

struct ConstantValues : State {
  std::map<NSUInteger, ConstantValue> byIndex;
  std::map<std::string, ConstantValue> byName;
};

// The bytes of the library's constants that are set, by index. Throws std::runtime_error when a type is not the
// source's.
std::map<uint32_t, std::string> resolveConstants(const LibraryInfo& library, MTLFunctionConstantValues* values);

}  // namespace metal_sim
#endif
