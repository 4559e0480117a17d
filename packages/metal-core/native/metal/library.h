// Metal libraries: compiled from source at run time, or before.
#ifndef METAL_CORE_METAL_LIBRARY_H
#define METAL_CORE_METAL_LIBRARY_H

#include "../device.h"
#include "compiler.h"
#include "context.h"

namespace metal_core {

// Compiles source, or opens a metallib; on a thread of the compiler. Throws Error (kLibrary) with the compiler's log.
std::shared_ptr<Library> loadMetalLibrary(const std::shared_ptr<MetalContext>& context,
                                          const std::weak_ptr<Compiler>& compiler, const LibrarySource& source);

// Source with safe math: nothing is reassociated, and functions are the precise ones. Throws Error (kLibrary).
Retained<id<MTLLibrary>> compileSource(id<MTLDevice> device, const std::string& source, const std::string& name);

}  // namespace metal_core
#endif
