#ifndef METAL_SIM_OBJC_ENCODER_INFO_H
#define METAL_SIM_OBJC_ENCODER_INFO_H

#include <vector>

#include "commands.h"

namespace metal_sim {

// Of MTLCommandBufferEncoderInfo, in the order of the encoders. Autoreleased.
NSArray* encoderInfos(const std::vector<EncoderRecord>& encoders);

}  // namespace metal_sim
#endif
