// Shared libraries of kernels behind cpu_kernel.h.
#ifndef METAL_CORE_CPU_LIBRARY_H
#define METAL_CORE_CPU_LIBRARY_H

#include <memory>

#include "../../include/cpu_kernel.h"
#include "../device.h"

namespace metal_core {

// A recorded dispatch, ready to run: addresses, constants and sizes resolved.
class CpuPrepared final : public Prepared {
 public:
  std::vector<cpu_kernel_binding> bindings;
  std::vector<uint32_t> constants;
  cpu_kernel_call call{};      // scratch and message are filled in by the thread that runs it
  uint64_t threadgroups = 0;   // in all
  uint64_t scratchBytes = 0;   // a thread
  int (*run)(const cpu_kernel_call*, uint64_t, uint64_t) = nullptr;
};

// Throws Error: kLibrary when the file cannot be loaded, has no cpu_kernel_library_open, another ABI number, or a
// malformed table.
std::shared_ptr<Library> loadCpuLibrary(const LibrarySource& source);

}  // namespace metal_core
#endif
