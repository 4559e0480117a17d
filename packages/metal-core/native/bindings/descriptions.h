// KernelDescription[] of JavaScript.
#ifndef METAL_CORE_BINDINGS_DESCRIPTIONS_H
#define METAL_CORE_BINDINGS_DESCRIPTIONS_H

#include "values.h"

namespace metal_core {

// Argument i as plain data: types are checked here, what they say by checkDescriptions. None when it is absent.
std::vector<KernelDescription> descriptionsOf(const Arguments& arguments, size_t i);

}  // namespace metal_core
#endif
