#ifndef METAL_SIM_OBJC_BLIT_ENCODER_H
#define METAL_SIM_OBJC_BLIT_ENCODER_H

#include "encoder.h"

@interface SimBlitCommandEncoder : SimCommandEncoder <MTLBlitCommandEncoder>
@end

namespace metal_sim {

// Autoreleased.
id<MTLBlitCommandEncoder> makeBlitEncoder(id<MTLDevice> device, std::shared_ptr<CommandBufferCore> buffer);

}  // namespace metal_sim
#endif
