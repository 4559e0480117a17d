// The addon: one Environment for each JavaScript environment, and the functions that src/native.ts declares.
#include "values.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  metal_core::Environment::create(env);
  metal_core::defineDevice(exports);
  metal_core::defineBuffer(exports);
  metal_core::defineLibrary(exports);
  metal_core::defineGraph(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(metal_core, init)
