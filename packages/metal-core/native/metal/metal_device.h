// The Metal device: Apple's GPUs, through Metal.
#ifndef METAL_CORE_METAL_DEVICE_H
#define METAL_CORE_METAL_DEVICE_H

#include "../device.h"

namespace metal_core {

// Whether this system is one that the backend supports: macOS 14 or newer on Apple silicon.
bool metalSupported();

// Throws Error (kUnavailable).
std::shared_ptr<Device> createMetalDevice();

}  // namespace metal_core
#endif
