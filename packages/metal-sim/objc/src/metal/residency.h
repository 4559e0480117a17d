#ifndef METAL_SIM_OBJC_RESIDENCY_H
#define METAL_SIM_OBJC_RESIDENCY_H

#include "base.h"

@interface SimResidencySet : SimObject <MTLResidencySet>
@end

namespace metal_sim {

// Retained.
id<MTLResidencySet> makeResidencySet(id<MTLDevice> device, MTLResidencySetDescriptor* descriptor);

}  // namespace metal_sim
#endif
