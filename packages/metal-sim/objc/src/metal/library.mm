#include "library.h"

#include <Block.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "../runner/compiler.h"
#include "compile_options.h"
#include "configuration.h"
#include "constant_values.h"
#include "function.h"
#include "idle.h"

using metal_sim::stateOf;
using metal_sim::tell;

NSErrorDomain const MTLLibraryErrorDomain = @"MTLLibraryErrorDomain";

namespace {

struct LibraryState : metal_sim::DeviceObject {
  LibraryState(id<MTLDevice> device, metal_sim::LoadedLibrary library)
      : DeviceObject(device), library(std::move(library)) {}
  metal_sim::LoadedLibrary library;
};

const metal_sim::LoadedLibrary& loaded(id library) { return stateOf<LibraryState>(library).library; }

NSError* libraryError(MTLLibraryError code, const std::string& description) {
  return metal_sim::error(MTLLibraryErrorDomain, code, description);
}

}  // namespace

namespace metal_sim {

id<MTLLibrary> makeLibrary(id<MTLDevice> device, const std::string& source, const std::string& name,
                           MTLCompileOptions* options, NSError** error) {
  if (takeFault(MTLSimFailNextCompile)) {
    tell(error, libraryError(MTLLibraryErrorCompileFailure, name + ":1:1: error: a fault that was asked for"));
    return nil;
  }
  if (fastMath(options)) ++counters().librariesWithFastMath;
  CompileOptions compilation = {name, macrosOf(options)};
  Compiled compiled = compile(source, compilation);
  if (!compiled.log.empty()) {
    tell(error, libraryError(MTLLibraryErrorCompileFailure, compiled.log));
    return nil;
  }
  try {
    std::shared_ptr<Runner> runner = Runner::of(compiled.runner);
    auto info = runner->load(compiled.library);
    return withState<LibraryState>([SimLibrary alloc], device, LoadedLibrary { std::move(runner), std::move(info) });
  } catch (const std::runtime_error& failure) {
    tell(error, libraryError(MTLLibraryErrorInternal, failure.what()));
    return nil;
  }
}

id<MTLLibrary> makeLibraryFromFile(id<MTLDevice> device, const std::string& path, NSError** error) {
  std::ifstream file(path);
  if (!file) {
    tell(error, libraryError(MTLLibraryErrorFileNotFound, "library not found: " + path));
    return nil;
  }
  std::stringstream source;
  source << file.rdbuf();
  return makeLibrary(device, source.str(), path, nil, error);
}

}  // namespace metal_sim

@implementation SimLibrary

- (NSArray*)functionNames {
  std::vector<id> names;
  for (const auto& kernel : loaded(self).info->kernels) names.push_back(metal_sim::string(kernel.name));
  return [NSArray arrayWithObjects:names.data() count:names.size()];
}

- (MTLLibraryType)type {
  return MTLLibraryTypeExecutable;
}

- (id<MTLFunction>)newFunctionWithName:(NSString*)name {
  return metal_sim::makeFunction(self.device, loaded(self), name.UTF8String, {});
}

- (id<MTLFunction>)newFunctionWithName:(NSString*)name
                        constantValues:(MTLFunctionConstantValues*)values
                                 error:(NSError**)error {
  try {
    id<MTLFunction> function = metal_sim::makeFunction(self.device, loaded(self), name.UTF8String,
                                                       metal_sim::resolveConstants(*loaded(self).info, values));
    if (!function) {
      tell(error, libraryError(MTLLibraryErrorFunctionNotFound,
                               "function " + metal_sim::utf8(name) + " was not found in the library"));
    }
    return function;
  } catch (const std::runtime_error& failure) {
    tell(error, libraryError(MTLLibraryErrorCompileFailure, failure.what()));
    return nil;
  }
}

- (void)newFunctionWithName:(NSString*)name
             constantValues:(MTLFunctionConstantValues*)values
          completionHandler:(void (^)(id<MTLFunction>, NSError*))handler {
  metal_sim::Strong<NSString*> kept(name);
  auto copy = metal_sim::Strong<MTLFunctionConstantValues*>::adopt([values copy]);
  auto block = Block_copy(handler);
  metal_sim::Strong<SimLibrary*> library(self);
  std::thread([=, flight = std::make_shared<metal_sim::InFlight>()]() mutable {
    @autoreleasepool {
      NSError* error = nil;
      id<MTLFunction> function = [library.get() newFunctionWithName:kept.get() constantValues:copy.get() error:&error];
      block([function autorelease], error);
      Block_release(block);
      library = {};
      kept = {};
      copy = {};
    }
  }).detach();
}

@end
