// What tests ask of software Metal, as functions of the test-only addon.
#ifndef METAL_CORE_TEST_SOFTWARE_METAL_H
#define METAL_CORE_TEST_SOFTWARE_METAL_H

#include <napi.h>

namespace metal_core {

void defineSoftwareMetal(Napi::Object& exports);

}  // namespace metal_core
#endif
