// Metal source, compiled at run time.
#include "library.h"
#include "sdk.h"
#include "text.h"

namespace metal_core {
namespace {

// Safe math reassociates nothing. It may yet fuse a product and a sum of one statement (contraction is "on", not "off"): no
// option says otherwise, only a pragma of the source.
void setSafeMath(MTLCompileOptions* options) {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if ([options respondsToSelector:@selector(setMathMode:)]) {
      options.mathMode = MTLMathModeSafe;
      options.mathFloatingPointFunctions = MTLMathFloatingPointFunctionsPrecise;
      return;
    }
  }
#endif
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  options.fastMathEnabled = NO;
#pragma clang diagnostic pop
}

}  // namespace

Retained<id<MTLLibrary>> compileSource(id<MTLDevice> device, const std::string& source, const std::string& name) {
  const auto options = Retained<MTLCompileOptions*>::adopt([[MTLCompileOptions alloc] init]);
  setSafeMath(options.get());
  NSError* error = nil;
  auto library = Retained<id<MTLLibrary>>::adopt([device newLibraryWithSource:toFoundation(source)
                                                                      options:options.get()
                                                                        error:&error]);
  if (library) return library;  // an error may still hold warnings
  throw Error(ErrorCode::kLibrary, "[device.loadLibrary] expected Metal source that compiles" +
                                       (name.empty() ? std::string() : " (" + name + ")") + ", got:\n" + reasonOf(error));
}

}  // namespace metal_core
