// The addon: one Environment for each JavaScript environment, and the functions that src/native.ts declares.
#include "values.h"
#if defined(METAL_CORE_SOFTWARE_METAL)
#include "../test/software_metal.h"
#endif

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  metal_core::Environment::create(env);
  metal_core::defineDevice(exports);
  metal_core::defineBuffer(exports);
  metal_core::defineLibrary(exports);
  metal_core::defineGraph(exports);
#if defined(METAL_CORE_SOFTWARE_METAL)
  metal_core::defineSoftwareMetal(exports);  // the test-only addon
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(metal_core, init)
