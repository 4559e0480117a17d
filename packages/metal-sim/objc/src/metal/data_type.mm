#include "data_type.h"

#include <array>
#include <string>

namespace metal_sim {
namespace {

struct Scalar {
  std::string_view names[2];
  MTLDataType types[4];  // of 1 to 4 elements
  size_t bytes;
};

constexpr std::array<Scalar, 12> kScalars = {{
    {{"float", "float"}, {MTLDataTypeFloat, MTLDataTypeFloat2, MTLDataTypeFloat3, MTLDataTypeFloat4}, 4},
    {{"half", "half"}, {MTLDataTypeHalf, MTLDataTypeHalf2, MTLDataTypeHalf3, MTLDataTypeHalf4}, 2},
    {{"bfloat", "bfloat"}, {MTLDataTypeBFloat, MTLDataTypeBFloat2, MTLDataTypeBFloat3, MTLDataTypeBFloat4}, 2},
    {{"int", "int32_t"}, {MTLDataTypeInt, MTLDataTypeInt2, MTLDataTypeInt3, MTLDataTypeInt4}, 4},
    {{"uint", "uint32_t"}, {MTLDataTypeUInt, MTLDataTypeUInt2, MTLDataTypeUInt3, MTLDataTypeUInt4}, 4},
    {{"short", "int16_t"}, {MTLDataTypeShort, MTLDataTypeShort2, MTLDataTypeShort3, MTLDataTypeShort4}, 2},
    {{"ushort", "uint16_t"}, {MTLDataTypeUShort, MTLDataTypeUShort2, MTLDataTypeUShort3, MTLDataTypeUShort4}, 2},
    {{"char", "int8_t"}, {MTLDataTypeChar, MTLDataTypeChar2, MTLDataTypeChar3, MTLDataTypeChar4}, 1},
    {{"uchar", "uint8_t"}, {MTLDataTypeUChar, MTLDataTypeUChar2, MTLDataTypeUChar3, MTLDataTypeUChar4}, 1},
    {{"bool", "bool"}, {MTLDataTypeBool, MTLDataTypeBool2, MTLDataTypeBool3, MTLDataTypeBool4}, 1},
    {{"long", "int64_t"}, {MTLDataTypeLong, MTLDataTypeLong2, MTLDataTypeLong3, MTLDataTypeLong4}, 8},
    {{"ulong", "uint64_t"}, {MTLDataTypeULong, MTLDataTypeULong2, MTLDataTypeULong3, MTLDataTypeULong4}, 8},
}};

bool qualifier(std::string_view word) {
  for (const std::string_view known :
       {"const", "volatile", "device", "constant", "threadgroup", "thread", "metal", "restrict"}) {
    if (word == known) return true;
  }
  return word.empty();
}

// The first word that is no qualifier, and that there is no other.
std::string_view elementName(std::string_view type) {
  std::string_view result;
  while (!type.empty()) {
    const size_t end = type.find_first_of(" *&:");
    const std::string_view word = type.substr(0, end);
    if (!qualifier(word)) {
      if (!result.empty()) return {};
      result = word;
    }
    type.remove_prefix(end == std::string_view::npos ? type.size() : end + 1);
  }
  return result;
}

}  // namespace

MTLDataType dataTypeOf(std::string_view type) {
  std::string_view name = elementName(type);
  const char last = name.empty() ? '\0' : name.back();
  size_t elements = 1;
  if (last >= '2' && last <= '4' && !name.ends_with("_t")) {
    elements = static_cast<size_t>(last - '0');
    name.remove_suffix(1);
  }
  for (const Scalar& scalar : kScalars) {
    if (name == scalar.names[0] || name == scalar.names[1]) return scalar.types[elements - 1];
  }
  return MTLDataTypeStruct;
}

size_t dataTypeBytes(MTLDataType type) {
  for (const Scalar& scalar : kScalars) {
    for (size_t i = 0; i < 4; ++i) {
      if (scalar.types[i] == type) return scalar.bytes * (i == 2 ? 4 : i + 1);
    }
  }
  return 0;
}

}  // namespace metal_sim
