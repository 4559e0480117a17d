// Systems without an IO registry.
#include <cstdint>

namespace metal_core {

uint32_t gpuCores(uint64_t) { return 0; }

}  // namespace metal_core
