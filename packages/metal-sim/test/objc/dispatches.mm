#include <csignal>
#include <filesystem>
#include <fstream>

#include "harness.h"

namespace {

// An encoder that runs `kernel` over `buffers`, one dispatch of `threads` threads, in a command buffer of its own.
std::string run(id<MTLComputePipelineState> state, const std::vector<id<MTLBuffer>>& buffers, NSUInteger threads,
                void (^more)(id<MTLComputeCommandEncoder>) = nil) {
  id<MTLCommandBuffer> commands = [queue(state.device) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  [encoder setComputePipelineState:state];
  for (size_t i = 0; i < buffers.size(); ++i) [encoder setBuffer:buffers[i] offset:0 atIndex:i];
  if (more) more(encoder);
  [encoder dispatchThreads:MTLSizeMake(threads, 1, 1) threadsPerThreadgroup:MTLSizeMake(32, 1, 1)];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  return errorOf(commands);
}

float* values(id<MTLBuffer> buffer) { return static_cast<float*>(buffer.contents); }

}  // namespace

CASE(dispatch) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> x = floats(gpu, {1, 2, 3, 4}), y = shared(gpu, 16);
  const float a = 10;
  EXPECT(run(pipeline(gpu, "axpy", 5), {x, y}, 4, ^(id<MTLComputeCommandEncoder> encoder) {
           [encoder setBytes:&a length:sizeof a atIndex:2];
         }) == "");
  EXPECT(values(y)[0] == 15 && values(y)[3] == 45);
  // The same pipeline's other constant, an offset, several buffers at once.
  EXPECT(run(pipeline(gpu, "axpy", 0), {}, 2, ^(id<MTLComputeCommandEncoder> encoder) {
           const id<MTLBuffer> both[] = {x, y};
           const NSUInteger offsets[] = {0, 0};
           [encoder setBuffers:both offsets:offsets withRange:NSMakeRange(0, 2)];
           [encoder setBufferOffset:8 atIndex:0];
           [encoder setBytes:&a length:sizeof a atIndex:2];
         }) == "");
  EXPECT(values(y)[0] == 30 && values(y)[1] == 40 && values(y)[2] == 35);
}

CASE(threadgroup_memory) {
  id<MTLDevice> gpu = device();
  std::vector<float> numbers(64);
  for (size_t i = 0; i < 64; ++i) numbers[i] = static_cast<float>(i);
  id<MTLBuffer> sums = shared(gpu, 8);
  EXPECT(run(pipeline(gpu, "total"), {floats(gpu, numbers), sums}, 64, ^(id<MTLComputeCommandEncoder> encoder) {
           [encoder setThreadgroupMemoryLength:128 atIndex:0];
         }) == "");
  EXPECT(values(sums)[0] == 496 && values(sums)[1] == 1520);
}

// The grid is read when the dispatch runs: written by an earlier command of the same buffer.
CASE(indirect) {
  id<MTLDevice> gpu = device();
  const uint32_t grid[] = {9, 3, 1, 1};
  id<MTLBuffer> numbers = shared(gpu, 12), size = [[gpu newBufferWithBytes:grid length:16 options:0] autorelease];
  id<MTLBuffer> zeros = shared(gpu, 12);
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  [encoder setComputePipelineState:pipeline(gpu, "increment")];
  [encoder setBuffer:numbers offset:0 atIndex:0];
  [encoder dispatchThreadgroupsWithIndirectBuffer:size
                             indirectBufferOffset:4
                            threadsPerThreadgroup:MTLSizeMake(1, 1, 1)];
  [encoder dispatchThreadgroupsWithIndirectBuffer:zeros
                             indirectBufferOffset:0
                            threadsPerThreadgroup:MTLSizeMake(1, 1, 1)];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  EXPECT(errorOf(commands) == "" && values(numbers)[0] == 1 && values(numbers)[2] == 1);
}

CASE(out_of_bounds) {
  id<MTLDevice> gpu = device();
  const unsigned by = 5;
  id<MTLBuffer> numbers = shared(gpu, 16);
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  encoder.label = @"layer 3";
  [encoder setComputePipelineState:pipeline(gpu, "beyond")];
  [encoder setBuffer:numbers offset:0 atIndex:0];
  [encoder setBytes:&by length:sizeof by atIndex:1];
  [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  EXPECT(commands.status == MTLCommandBufferStatusError &&
         [commands.error.domain isEqualToString:MTLCommandBufferErrorDomain]);
  EXPECT(commands.error.code == MTLCommandBufferErrorInternal);
  EXPECT_IN("out-of-bounds in beyond (layer 3)", errorOf(commands));
  EXPECT_IN("program_source:34:", errorOf(commands));
}

// A runner that dies fails the command buffer that it runs; the next one gets a new runner.
CASE(death_of_the_runner) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> numbers = shared(gpu, 16);
  EXPECT(run(pipeline(gpu, "increment"), {numbers}, 4) == "");
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t child; children >> child;) kill(child, SIGKILL);
  }
  EXPECT_IN("the runner ended (signal 9)", run(pipeline(gpu, "increment"), {numbers}, 4));
  EXPECT(run(pipeline(gpu, "increment"), {numbers}, 4) == "" && values(numbers)[3] == 2);
}

// Nothing is checked but what the processor does.
CASE(fast_mode) {
  configure("fast");
  id<MTLDevice> gpu = device();
  id<MTLBuffer> numbers = shared(gpu, 16);
  EXPECT(run(pipeline(gpu, "increment"), {numbers}, 4) == "" && values(numbers)[3] == 1);
  EXPECT_IN("out-of-bounds", run(pipeline(gpu, "beyond"), {numbers}, 4, ^(id<MTLComputeCommandEncoder> encoder) {
              const unsigned by = 1u << 30;
              [encoder setBytes:&by length:sizeof by atIndex:1];
            }));
}

CASE(times) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> numbers = shared(gpu, 16);
  MTLCounterSampleBufferDescriptor* descriptor = [[[MTLCounterSampleBufferDescriptor alloc] init] autorelease];
  descriptor.counterSet = gpu.counterSets.firstObject;
  descriptor.sampleCount = 4;
  NSError* error = nil;
  id<MTLCounterSampleBuffer> samples = [[gpu newCounterSampleBufferWithDescriptor:descriptor error:&error] autorelease];
  EXPECT([gpu supportsCounterSampling:MTLCounterSamplingPointAtStageBoundary] && samples.sampleCount == 4);
  MTLTimestamp before = 0, after = 0, same = 0;
  [gpu sampleTimestamps:&before gpuTimestamp:&same];
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  for (NSUInteger i = 0; i < 2; ++i) {
    MTLComputePassDescriptor* pass = [MTLComputePassDescriptor computePassDescriptor];
    auto* attachment = [pass.sampleBufferAttachments objectAtIndexedSubscript:0];
    attachment.sampleBuffer = samples;
    attachment.startOfEncoderSampleIndex = 2 * i;
    attachment.endOfEncoderSampleIndex = 2 * i + 1;
    id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDescriptor:pass];
    [encoder setComputePipelineState:pipeline(gpu, "increment")];
    [encoder setBuffer:numbers offset:0 atIndex:0];
    [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
    [encoder endEncoding];
  }
  id<MTLBuffer> resolved = shared(gpu, 32);
  id<MTLBlitCommandEncoder> blit = [commands blitCommandEncoder];
  [blit resolveCounters:samples inRange:NSMakeRange(0, 4) destinationBuffer:resolved destinationOffset:0];
  [blit endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  [gpu sampleTimestamps:&after gpuTimestamp:&same];
  const auto* results =
      static_cast<const MTLCounterResultTimestamp*>([samples resolveCounterRange:NSMakeRange(0, 4)].bytes);
  uint64_t last = before;
  for (size_t i = 0; i < 4; ++i) {
    EXPECT(results[i].timestamp >= last && static_cast<uint64_t*>(resolved.contents)[i] == results[i].timestamp);
    last = results[i].timestamp;
  }
  EXPECT(last <= after && values(numbers)[0] == 2);
  EXPECT(commands.GPUStartTime * 1e9 >= static_cast<double>(before) - 1e3 &&
         commands.GPUEndTime >= commands.GPUStartTime);
  descriptor.sampleCount = 0;
  EXPECT([gpu newCounterSampleBufferWithDescriptor:descriptor error:&error] == nil &&
         [error.domain isEqualToString:MTLCounterErrorDomain]);
  EXPECT([samples resolveCounterRange:NSMakeRange(3, 2)] == nil);
  EXPECT_IN("beyond sampleCount", rejected());
}
