// The CPU as a device: a queue thread that takes submissions in order, and a pool that runs them.
#ifndef METAL_CORE_CPU_DEVICE_H
#define METAL_CORE_CPU_DEVICE_H

#include "../device.h"

namespace metal_core {

// threads 0: as many as cores; more than cores are clamped.
std::shared_ptr<Device> createCpuDevice(uint32_t threads);

}  // namespace metal_core
#endif
