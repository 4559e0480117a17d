#ifndef METAL_SIM_OBJC_LIBRARY_H
#define METAL_SIM_OBJC_LIBRARY_H

#include <map>
#include <memory>
#include <string>

#include "../runner/runner.h"
#include "base.h"

@interface SimLibrary : SimObject <MTLLibrary>
@end

namespace metal_sim {

// A compiled library and who runs it.
struct LoadedLibrary {
  std::shared_ptr<Runner> runner;
  std::shared_ptr<const LibraryInfo> info;
};

// Retained; nil with `*error` set.
id<MTLLibrary> makeLibrary(id<MTLDevice> device, const std::string& source, const std::string& name,
                           MTLCompileOptions* options, NSError** error);
id<MTLLibrary> makeLibraryFromFile(id<MTLDevice> device, const std::string& path, NSError** error);

}  // namespace metal_sim
#endif
