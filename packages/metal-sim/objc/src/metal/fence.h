#ifndef METAL_SIM_OBJC_FENCE_H
#define METAL_SIM_OBJC_FENCE_H

#include "base.h"

@interface SimFence : SimObject <MTLFence>
@end

namespace metal_sim {

// Retained.
id<MTLFence> makeFence(id<MTLDevice> device);

}  // namespace metal_sim
#endif
