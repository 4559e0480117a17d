// A case is a function that runs in an autorelease pool; afterwards no object may be alive. METAL_SIM_DRIVER has the words of
// the driver's command, one a line.
#pragma once

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
#import <MetalSim/MetalSim.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

struct Case {
  Case(const char* name, std::function<void()> body);
};
#define CASE(name)                     \
  static void name();                  \
  static const Case name##_(#name, name); \
  static void name()

void fail(const char* file, int line, const std::string& what);
#define EXPECT(...)                                          \
  do {                                                       \
    if (!(__VA_ARGS__)) fail(__FILE__, __LINE__, #__VA_ARGS__); \
  } while (false)
// That text holds part, and shows both if not.
#define EXPECT_IN(part, text)                                                                                   \
  do {                                                                                                          \
    const std::string text_ = (text), part_ = (part);                                                           \
    if (text_.find(part_) == std::string::npos) fail(__FILE__, __LINE__, "'" + part_ + "' is not in '" + text_ + "'"); \
  } while (false)

void configure(const char* mode = "checked", double eventTimeoutSeconds = 30);

// Owned by the pool of the case.
id<MTLDevice> device();
id<MTLBuffer> shared(id<MTLDevice> device, size_t bytes);
id<MTLBuffer> floats(id<MTLDevice> device, const std::vector<float>& values);
// Of kernels.h; `scale` is its function constant.
id<MTLComputePipelineState> pipeline(id<MTLDevice> device, const char* kernel, unsigned scale = 0);
id<MTLCommandQueue> queue(id<MTLDevice> device);

// Adds a dispatch that adds 1 to the first four numbers.
void increment(id<MTLComputeCommandEncoder> encoder, id<MTLBuffer> buffer);
// Commits and waits; "" when it went well.
std::string finish(id<MTLCommandBuffer> buffer);
std::string errorOf(id<MTLCommandBuffer> buffer);
// Since the last call, one a line.
std::string rejected();
