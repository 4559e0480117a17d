// What the Metal device says of itself.
#ifndef METAL_CORE_METAL_DESCRIBE_H
#define METAL_CORE_METAL_DESCRIBE_H

#include "../device.h"
#include "context.h"

namespace metal_core {

// Measures the copy bandwidth the first time, 10 to 30 ms; on a thread of the device. Throws Error when the copies fail.
DeviceInfo describeMetal(MetalContext& context);

// Cores of the GPU with this registry ID; 0 where the system does not tell.
uint32_t gpuCores(uint64_t registryId);

}  // namespace metal_core
#endif
