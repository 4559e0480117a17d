#include "fence.h"

id<MTLFence> metal_sim::makeFence(id<MTLDevice> device) { return withState<DeviceObject>([SimFence alloc], device); }

@implementation SimFence
@end
