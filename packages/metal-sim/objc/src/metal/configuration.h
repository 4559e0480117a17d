// Process-wide settings, faults and statistics; MetalSim.h has what they mean.
#ifndef METAL_SIM_OBJC_CONFIGURATION_H
#define METAL_SIM_OBJC_CONFIGURATION_H

#import <Foundation/NSProcessInfo.h>
#import <MetalSim/MetalSim.h>

#include <atomic>
#include <initializer_list>

namespace metal_sim {

MetalSimConfiguration configuration();
NSOperatingSystemVersion operatingSystem();
// Whether the fault was asked for and has its turn; it happens once.
bool takeFault(MTLSimFault fault);
bool ignoreBarriers();
// Whether a selector is one of those that came with macOS 15, and the system is an older one.
bool withheld(SEL selector, std::initializer_list<SEL> later);

struct Counters {
  std::atomic<size_t> commandBuffers = 0, computeEncoders = 0, blitEncoders = 0, dispatches = 0, barriers = 0;
  std::atomic<size_t> librariesWithFastMath = 0;
};
Counters& counters();

}  // namespace metal_sim
#endif
