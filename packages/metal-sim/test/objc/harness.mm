#include "harness.h"

#include <cstring>
#include <map>
#include <sstream>

#include "kernels.h"

namespace {

std::map<std::string, std::function<void()>>& cases() {
  static std::map<std::string, std::function<void()>> all;
  return all;
}

int failures = 0;

}  // namespace

Case::Case(const char* name, std::function<void()> body) { cases()[name] = std::move(body); }

void fail(const char* file, int line, const std::string& what) {
  std::printf("%s:%d: expected %s\n", std::strrchr(file, '/') ? std::strrchr(file, '/') + 1 : file, line, what.c_str());
  ++failures;
}

void configure(const char* mode, double eventTimeoutSeconds) {
  MetalSimConfiguration configuration;
  std::stringstream words(std::getenv("METAL_SIM_DRIVER") ? std::getenv("METAL_SIM_DRIVER") : "");
  for (std::string word; std::getline(words, word);) configuration.driver.push_back(word);
  configuration.mode = mode;
  configuration.eventTimeoutSeconds = eventTimeoutSeconds;
  configuration.maxBufferLength = size_t{1} << 30;
  metal_sim_configure(configuration);
}

id<MTLDevice> device() { return [MTLCreateSystemDefaultDevice() autorelease]; }

id<MTLBuffer> shared(id<MTLDevice> device, size_t bytes) {
  return [[device newBufferWithLength:bytes options:MTLResourceStorageModeShared] autorelease];
}

id<MTLBuffer> floats(id<MTLDevice> device, const std::vector<float>& values) {
  return [[device newBufferWithBytes:values.data()
                              length:values.size() * sizeof(float)
                             options:MTLResourceStorageModeShared] autorelease];
}

id<MTLCommandQueue> queue(id<MTLDevice> device) { return [[device newCommandQueue] autorelease]; }

id<MTLComputePipelineState> pipeline(id<MTLDevice> device, const char* kernel, unsigned scale) {
  NSError* error = nil;
  id<MTLLibrary> library = [[device newLibraryWithSource:[NSString stringWithUTF8String:kKernels]
                                                 options:nil
                                                   error:&error] autorelease];
  if (!library) {
    fail("kernels.h", 1, error.localizedDescription.UTF8String);
    std::exit(1);
  }
  MTLFunctionConstantValues* constants = [[[MTLFunctionConstantValues alloc] init] autorelease];
  [constants setConstantValue:&scale type:MTLDataTypeUInt atIndex:0];
  id<MTLFunction> function = [[library newFunctionWithName:[NSString stringWithUTF8String:kernel]
                                            constantValues:constants
                                                     error:&error] autorelease];
  return [[device newComputePipelineStateWithFunction:function error:&error] autorelease];
}

void increment(id<MTLComputeCommandEncoder> encoder, id<MTLBuffer> buffer) {
  [encoder setComputePipelineState:pipeline(buffer.device, "increment")];
  [encoder setBuffer:buffer offset:0 atIndex:0];
  [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
}

std::string finish(id<MTLCommandBuffer> commands) {
  [commands commit];
  [commands waitUntilCompleted];
  return errorOf(commands);
}

std::string errorOf(id<MTLCommandBuffer> buffer) {
  return buffer.error ? buffer.error.localizedDescription.UTF8String : "";
}

std::string rejected() {
  std::string text;
  for (const std::string& message : MTLSimValidationErrors()) text += message + "\n";
  return text;
}

// Runs the cases that are named, one after the other; "ok NAME" or "failed NAME" ends what each has to say.
int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    const int before = failures;
    if (!cases().contains(arguments[i])) {
      fail("main", 0, std::string("a case of that name, got ") + arguments[i]);
      continue;
    }
    configure();
    MTLSimSetValidation(MTLSimValidationRecord);
    MTLSimSetOperatingSystem(15, 0);
    MTLSimClearFaults();
    @autoreleasepool {
      cases()[arguments[i]]();
    }
    const std::string left = rejected();
    if (!left.empty()) fail("main", 0, "nothing rejected at the end, got " + left);
    for (const auto& [name, number] : MTLSimLiveObjects()) {
      fail("main", 0, "no object alive, got " + std::to_string(number) + " of " + name);
    }
    std::printf("%s %s\n", failures == before ? "ok" : "failed", arguments[i]);
    std::fflush(stdout);
  }
  return failures == 0 ? 0 : 1;
}
