// Descriptions of kernels that come from outside: what has to hold of them before anything relies on them.
#ifndef METAL_CORE_DESCRIPTION_H
#define METAL_CORE_DESCRIPTION_H

#include <string>
#include <vector>

#include "device.h"

namespace metal_core {

// Metal has 31 buffers a kernel, [[buffer(0)]] to [[buffer(30)]].
constexpr uint32_t kMaxBuffers = 31;
// What setBytes takes at most.
constexpr uint32_t kMaxValueBytes = 4096;

// Throws Error (kLibrary) that names the kernel and what is wrong with it.
void checkDescriptions(const std::vector<KernelDescription>& kernels);

// Which constants a kernel gets: the defaults, with those named replaced. Throws Error (kArgument) for a name that the
// kernel does not have, or a value above its maximum.
std::vector<uint32_t> constantsOf(const std::string& kernel, const std::vector<Constant>& constants,
                                  const std::vector<std::string>& names, const std::vector<uint32_t>& values);

// A message of `failures` with its details put in.
std::string failureMessage(const std::vector<std::string>& failures, uint32_t code, uint32_t first, uint32_t second);

}  // namespace metal_core
#endif
