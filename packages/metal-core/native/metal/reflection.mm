#include "reflection.h"

#include <algorithm>

#include "text.h"

namespace metal_core {
namespace {

Error unusable(const std::string& name, const std::string& what) {
  return Error(ErrorCode::kLibrary, "[" + name + "] expected " + what);
}

// The largest value of a constant of a type, or 0 for a type that is not handled.
uint32_t maxValueOf(MTLDataType type) {
  switch (type) {
    case MTLDataTypeBool: return 1;
    case MTLDataTypeChar: return INT8_MAX;
    case MTLDataTypeUChar: return UINT8_MAX;
    case MTLDataTypeShort: return INT16_MAX;
    case MTLDataTypeUShort: return UINT16_MAX;
    case MTLDataTypeInt: return INT32_MAX;
    case MTLDataTypeUInt: return UINT32_MAX;
    case MTLDataTypeFloat: return 1 << 24;  // integers are exact up to here
    default: return 0;
  }
}

void addConstants(MetalEntry& entry, NSDictionary<NSString*, MTLFunctionConstant*>* found) {
  NSArray<MTLFunctionConstant*>* all = [found allValues];
  std::vector<MTLFunctionConstant*> sorted;
  for (NSUInteger i = 0; i < [all count]; i++) sorted.push_back([all objectAtIndex:i]);
  std::sort(sorted.begin(), sorted.end(), [](MTLFunctionConstant* a, MTLFunctionConstant* b) { return a.index < b.index; });
  for (MTLFunctionConstant* constant : sorted) {
    const std::string name = fromFoundation(constant.name);
    const uint32_t most = maxValueOf(constant.type);
    if (most == 0) {
      if (!constant.required) continue;  // stays undefined
      throw unusable(entry.name, "function constants that are booleans, integers of up to 32 bits or floats, got another "
                                 "type for '" + name + "'; use one of those");
    }
    entry.constants.push_back({name, 0, most});
    entry.metalConstants.push_back({constant.index, constant.type, static_cast<bool>(constant.required)});
  }
}

Access accessOf(NSUInteger access) {
  switch (access) {  // MTLBindingAccess, once MTLArgumentAccess: read only, read and write, write only
    case 0: return Access::kRead;
    case 2: return Access::kWrite;
    default: return Access::kReadWrite;
  }
}

uint32_t powerOfTwo(NSUInteger alignment) {
  uint32_t result = 1;
  while (result < alignment && result < 16384) result *= 2;
  return result;
}

void addArguments(MetalEntry& entry, NSArray<id<MTLBinding>>* bindings) {
  std::vector<id<MTLBinding>> buffers;
  for (NSUInteger i = 0; i < [bindings count]; i++) {
    id<MTLBinding> binding = [bindings objectAtIndex:i];
    if (binding.type == MTLBindingTypeBuffer) {
      buffers.push_back(binding);
    } else if (binding.type != MTLBindingTypeThreadgroupMemory) {
      throw unusable(entry.name, "buffers as arguments, got a texture, sampler or table for '" +
                                     fromFoundation(binding.name) + "'; pass its data in a buffer");
    } else {
      throw unusable(entry.name, "threadgroup memory that is declared inside the kernel, got argument '" +
                                     fromFoundation(binding.name) + "'; declare an array of fixed size");
    }
  }
  std::sort(buffers.begin(), buffers.end(), [](id<MTLBinding> a, id<MTLBinding> b) { return a.index < b.index; });
  for (id<MTLBinding> binding : buffers) {
    Argument argument;
    argument.name = fromFoundation(binding.name);
    argument.access = accessOf(static_cast<NSUInteger>(binding.access));
    argument.alignment = powerOfTwo([static_cast<id<MTLBufferBinding>>(binding) bufferAlignment]);
    entry.arguments.push_back(std::move(argument));
    entry.slots.push_back(static_cast<uint32_t>(binding.index));
  }
}

}  // namespace

MetalEntry describedEntry(const KernelDescription& description) {
  MetalEntry entry;
  entry.name = description.name;
  entry.arguments = description.arguments;
  entry.constants = description.constants;
  entry.failures = description.failures;
  for (uint32_t i = 0; i < entry.arguments.size(); i++) entry.slots.push_back(i);
  for (uint32_t i = 0; i < entry.constants.size(); i++) entry.metalConstants.push_back({i, MTLDataTypeUInt, true});
  entry.statusSlot = static_cast<uint32_t>(entry.arguments.size());
  return entry;
}

MetalEntry reflectedEntry(id<MTLDevice> device, id<MTLLibrary> library, const std::string& name) {
  MetalEntry entry;
  entry.name = name;
  try {
    const auto plain = Retained<id<MTLFunction>>::adopt([library newFunctionWithName:toFoundation(name)]);
    if (!plain) throw unusable(name, "a function of the library, got none");
    addConstants(entry, [plain.get() functionConstantsDictionary]);
    const std::vector<uint32_t> zeros(entry.constants.size(), 0);
    const auto function = specialize(library, name, entry.metalConstants, zeros);
    MTLComputePipelineReflection* reflection = nil;
    const auto state = compilePipeline(device, function.get(), name, &reflection);
    addArguments(entry, [reflection bindings]);
  } catch (const Error& error) {
    entry.unusable = error;
  }
  return entry;
}

}  // namespace metal_core
