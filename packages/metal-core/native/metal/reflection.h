// What the compiler tells of a kernel that came without a description.
#ifndef METAL_CORE_METAL_REFLECTION_H
#define METAL_CORE_METAL_REFLECTION_H

#include <optional>

#include "../device.h"
#include "pipeline.h"

namespace metal_core {

// A kernel of a library: what it takes, and where.
struct MetalEntry {
  std::string name;
  std::vector<Argument> arguments;
  std::vector<uint32_t> slots;  // argument i is [[buffer(slots[i])]]
  std::vector<Constant> constants;
  std::vector<MetalConstant> metalConstants;
  std::vector<std::string> failures;
  uint32_t statusSlot = 0;          // where the status goes, when there are failures
  std::optional<Error> unusable;    // thrown when the kernel is asked for
};

// From a description, which was checked.
MetalEntry describedEntry(const KernelDescription& description);

// Compiles the kernel with all its constants 0, in order to see its bindings. Reflection does not tell device memory
// from `constant` memory, so that every argument is a buffer; what it cannot run (textures, threadgroup memory whose
// length the host gives) makes the entry unusable, with the reason.
MetalEntry reflectedEntry(id<MTLDevice> device, id<MTLLibrary> library, const std::string& name);

}  // namespace metal_core
#endif
