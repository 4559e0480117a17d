#include "constant_values.h"

#include <stdexcept>

#include "data_type.h"
#include "validation.h"

using metal_sim::ConstantValue;
using metal_sim::ConstantValues;
using metal_sim::stateOf;

namespace {

ConstantValue copied(const void* value, MTLDataType type, const char* method) {
  const size_t bytes = metal_sim::dataTypeBytes(type);
  metal_sim::require(bytes > 0, method, "type " + std::to_string(type) + " is not one of a function constant");
  return {type, std::string(static_cast<const char*>(value), bytes)};
}

}  // namespace

std::map<uint32_t, std::string> metal_sim::resolveConstants(const LibraryInfo& library,
                                                            MTLFunctionConstantValues* values) {
  std::map<uint32_t, std::string> result;
  const auto& state = stateOf<ConstantValues>(values);
  for (const ConstantInfo& constant : library.constants) {
    const auto index = state.byIndex.find(constant.index);
    const auto name = state.byName.find(constant.name);
    const ConstantValue* value = index != state.byIndex.end() ? &index->second
                                 : name != state.byName.end() ? &name->second
                                                              : nullptr;
    if (!value) continue;
    const MTLDataType declared = dataTypeOf(constant.type);
    if (value->type != declared || value->bytes.size() != constant.bytes) {
      throw std::runtime_error("function constant '" + constant.name + "' at index " + std::to_string(constant.index) +
                               " is declared as " + constant.type + " and set as MTLDataType " +
                               std::to_string(value->type));
    }
    result[constant.index] = value->bytes;
  }
  return result;
}

@implementation MTLFunctionConstantValues

- (instancetype)init {
  return metal_sim::withState<ConstantValues>(self);
}

- (void)setConstantValue:(const void*)value type:(MTLDataType)type atIndex:(NSUInteger)index {
  stateOf<ConstantValues>(self).byIndex[index] =
      copied(value, type, "-[MTLFunctionConstantValues setConstantValue:type:atIndex:]");
}

- (void)setConstantValues:(const void*)values type:(MTLDataType)type withRange:(NSRange)range {
  const auto* at = static_cast<const char*>(values);
  for (NSUInteger i = 0; i < range.length; ++i, at += metal_sim::dataTypeBytes(type)) {
    [self setConstantValue:at type:type atIndex:range.location + i];
  }
}

- (void)setConstantValue:(const void*)value type:(MTLDataType)type withName:(NSString*)name {
  stateOf<ConstantValues>(self).byName[name.UTF8String] =
      copied(value, type, "-[MTLFunctionConstantValues setConstantValue:type:withName:]");
}

- (void)reset {
  stateOf<ConstantValues>(self).byIndex.clear();
  stateOf<ConstantValues>(self).byName.clear();
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLFunctionConstantValues* copy = [[MTLFunctionConstantValues alloc] init];
  stateOf<ConstantValues>(copy).byIndex = stateOf<ConstantValues>(self).byIndex;
  stateOf<ConstantValues>(copy).byName = stateOf<ConstantValues>(self).byName;
  return copy;
}

@end
