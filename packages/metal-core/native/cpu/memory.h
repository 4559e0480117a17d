// The CPU device's memory: allocations and read-only maps of files.
#ifndef METAL_CORE_CPU_MEMORY_H
#define METAL_CORE_CPU_MEMORY_H

#include "../device.h"

namespace metal_core {

// Memory starts on, and is padded to, a multiple of this: the page of Apple's systems, and a multiple of Linux's.
constexpr uint64_t kPageBytes = 16384;

// Zero-filled, or a copy of `data`. Throws kOutOfMemory.
std::shared_ptr<Buffer> allocateMemory(uint64_t byteLength, Storage storage, const void* data);

// See FileMap. Throws kFile.
std::shared_ptr<Buffer> mapFileMemory(const std::string& path, uint64_t offset, uint64_t byteLength);

}  // namespace metal_core
#endif
