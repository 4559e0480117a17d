#ifndef METAL_SIM_OBJC_COMPILE_OPTIONS_H
#define METAL_SIM_OBJC_COMPILE_OPTIONS_H

#import <Metal/MTLLibrary.h>

#include <string>
#include <utility>
#include <vector>

namespace metal_sim {

// What Apple's compiler would do: fast math is the default.
bool fastMath(MTLCompileOptions* options);
std::vector<std::pair<std::string, std::string>> macrosOf(MTLCompileOptions* options);

}  // namespace metal_sim
#endif
