#include "builtins.h"

#include "encoders.h"
#include "library.h"
#include "pipeline.h"

namespace metal_core {
namespace {

constexpr const char* kSource = R"(
#include <metal_stdlib>
using namespace metal;

kernel void metal_core_gate(device const uint* done [[buffer(0)]],
                            device const uint* sizes [[buffer(1)]],
                            device uint* counter [[buffer(2)]],
                            device uint* live [[buffer(3)]],
                            constant uint& words [[buffer(4)]],
                            uint i [[thread_position_in_grid]]) {
  const bool clear = *done == 0;
  if (i == 0 && clear) *counter += 1;
  if (i < words) live[i] = clear ? sizes[i] : 0;
}

struct metal_core_range {
  ulong offset, length;
};

kernel void metal_core_copy_bytes(device const uchar* from [[buffer(0)]],
                                  device uchar* to [[buffer(1)]],
                                  constant metal_core_range& range [[buffer(2)]],
                                  uint i [[thread_position_in_grid]]) {
  if (i < range.length) to[range.offset + i] = from[i];
}
)";

constexpr NSUInteger kThreads = 64;

MTLSize threadgroupsFor(uint64_t threads) { return MTLSizeMake((threads + kThreads - 1) / kThreads, 1, 1); }

}  // namespace

Builtins::~Builtins() {
  const AutoreleasePool pool;
  gate_ = {};
  copy_ = {};
  library_ = {};
}

id<MTLComputePipelineState> Builtins::pipeline(const char* name, Retained<id<MTLComputePipelineState>>& kept) {
  if (kept) return kept.get();
  if (!library_) library_ = compileSource(device_.get(), kSource, "metal-core's own kernels");
  const auto function = specialize(library_.get(), name, {}, {});
  kept = compilePipeline(device_.get(), function.get(), name, nullptr);
  return kept.get();
}

void Builtins::gate(id<MTLCommandBuffer> commands, const Gate& gate) {
  id<MTLComputePipelineState> state = pipeline("metal_core_gate", gate_);
  // An encoder of its own: what follows reads indirect sizes, and an encoder's end orders those for certain.
  id<MTLComputeCommandEncoder> encoder = opened([commands computeCommandEncoderWithDispatchType:MTLDispatchTypeSerial]);
  encoder.label = @"done?";
  [encoder setComputePipelineState:state];
  [encoder setBuffer:gate.done offset:gate.doneOffset atIndex:0];
  [encoder setBuffer:gate.sizes offset:0 atIndex:1];
  [encoder setBuffer:gate.block offset:0 atIndex:2];
  [encoder setBuffer:gate.block offset:gate.liveOffset atIndex:3];
  [encoder setBytes:&gate.words length:sizeof gate.words atIndex:4];
  [encoder dispatchThreadgroups:threadgroupsFor(gate.words) threadsPerThreadgroup:MTLSizeMake(kThreads, 1, 1)];
  [encoder endEncoding];
}

void Builtins::copyBytes(id<MTLCommandBuffer> commands, id<MTLBuffer> from, id<MTLBuffer> to, uint64_t toOffset,
                         uint64_t byteLength) {
  id<MTLComputePipelineState> state = pipeline("metal_core_copy_bytes", copy_);
  const uint64_t range[2] = {toOffset, byteLength};
  id<MTLComputeCommandEncoder> encoder = opened([commands computeCommandEncoderWithDispatchType:MTLDispatchTypeSerial]);
  encoder.label = @"copy";
  [encoder setComputePipelineState:state];
  [encoder setBuffer:from offset:0 atIndex:0];
  [encoder setBuffer:to offset:0 atIndex:1];
  [encoder setBytes:range length:sizeof range atIndex:2];
  [encoder dispatchThreadgroups:threadgroupsFor(byteLength) threadsPerThreadgroup:MTLSizeMake(kThreads, 1, 1)];
  [encoder endEncoding];
}

}  // namespace metal_core
