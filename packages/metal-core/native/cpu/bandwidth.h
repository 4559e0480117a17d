// How fast the pool copies memory: the roof that kernels are compared with.
#ifndef METAL_CORE_CPU_BANDWIDTH_H
#define METAL_CORE_CPU_BANDWIDTH_H

#include "pool.h"

namespace metal_core {

// Bytes read plus bytes written a second, in 1e9. 20 to 40 ms the first time, mostly for the pages, then remembered for the
// process and number of threads.
double copyGigabytesPerSecond(Pool& pool, uint64_t memoryBytes);

}  // namespace metal_core
#endif
