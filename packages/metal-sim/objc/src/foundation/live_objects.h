#ifndef METAL_SIM_OBJC_LIVE_OBJECTS_H
#define METAL_SIM_OBJC_LIVE_OBJECTS_H

#include <cstddef>
#include <map>
#include <string>

namespace metal_sim {

// Instances that are not deallocated, by class; the classes of this implementation under the names of their protocols.
std::map<std::string, size_t> liveObjects();

}  // namespace metal_sim
#endif
