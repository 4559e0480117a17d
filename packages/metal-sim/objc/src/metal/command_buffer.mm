#include "command_buffer.h"

#include "blit_encoder.h"
#include "compute_encoder.h"
#include "configuration.h"
#include "queue.h"

using metal_sim::CommandBufferCore;
using metal_sim::coreOf;
using metal_sim::require;

namespace {

struct BufferState : metal_sim::DeviceObject {
  BufferState(SimCommandQueue* queue, std::shared_ptr<metal_sim::QueueCore> queueCore,
              std::shared_ptr<CommandBufferCore> core)
      : DeviceObject(queue.device), queue(queue), queueCore(std::move(queueCore)), core(std::move(core)) {}
  metal_sim::Strong<SimCommandQueue*> queue;
  std::shared_ptr<metal_sim::QueueCore> queueCore;
  std::shared_ptr<CommandBufferCore> core;
};

BufferState& state(id buffer) { return metal_sim::stateOf<BufferState>(buffer); }

// Whether commands can still be added.
bool open(SimCommandBuffer* buffer, const char* method) {
  return require(!coreOf(buffer).committed, method, "the command buffer is already committed");
}

bool betweenEncoders(SimCommandBuffer* buffer, const char* method) {
  return open(buffer, method) &&
         require(!coreOf(buffer).encoding, method, "a command encoder is still encoding: endEncoding first");
}

}  // namespace

namespace metal_sim {

CommandBufferCore& coreOf(SimCommandBuffer* buffer) { return *state(buffer).core; }

id<MTLCommandBuffer> makeCommandBuffer(SimCommandQueue* queue, std::shared_ptr<QueueCore> core, bool retained,
                                       MTLCommandBufferErrorOption options) {
  require(core->takePlace(), "-[MTLCommandQueue commandBuffer]",
          "no command buffer of this queue was completed for 20 s, and as many exist as the queue allows");
  ++counters().commandBuffers;
  return [withState<BufferState>([SimCommandBuffer alloc], queue, std::move(core),
                                 std::make_shared<CommandBufferCore>(retained, options)) autorelease];
}

}  // namespace metal_sim

@implementation SimCommandBuffer

- (id<MTLCommandQueue>)commandQueue {
  return state(self).queue.get();
}

- (BOOL)retainedReferences {
  return coreOf(self).retained();
}

- (MTLCommandBufferErrorOption)errorOptions {
  return coreOf(self).options();
}

- (id<MTLComputeCommandEncoder>)computeCommandEncoder {
  return [self computeCommandEncoderWithDispatchType:MTLDispatchTypeSerial];
}

- (id<MTLComputeCommandEncoder>)computeCommandEncoderWithDispatchType:(MTLDispatchType)type {
  if (!betweenEncoders(self, "-[MTLCommandBuffer computeCommandEncoder]")) return nil;
  return metal_sim::makeComputeEncoder(self.device, state(self).core, type, nil);
}

- (id<MTLComputeCommandEncoder>)computeCommandEncoderWithDescriptor:(MTLComputePassDescriptor*)descriptor {
  if (!betweenEncoders(self, "-[MTLCommandBuffer computeCommandEncoderWithDescriptor:]")) return nil;
  return metal_sim::makeComputeEncoder(self.device, state(self).core, descriptor.dispatchType, descriptor);
}

- (id<MTLBlitCommandEncoder>)blitCommandEncoder {
  if (!betweenEncoders(self, "-[MTLCommandBuffer blitCommandEncoder]")) return nil;
  return metal_sim::makeBlitEncoder(self.device, state(self).core);
}

- (void)encodeSignalEvent:(id<MTLEvent>)event value:(uint64_t)value {
  if (!betweenEncoders(self, "-[MTLCommandBuffer encodeSignalEvent:value:]")) return;
  coreOf(self).list.commands.push_back(metal_sim::Signal{metal_sim::eventOf(event), value});
}

- (void)encodeWaitForEvent:(id<MTLEvent>)event value:(uint64_t)value {
  if (!betweenEncoders(self, "-[MTLCommandBuffer encodeWaitForEvent:value:]")) return;
  coreOf(self).list.commands.push_back(metal_sim::Wait{metal_sim::eventOf(event), value});
}

- (void)pushDebugGroup:(NSString*)name {
  coreOf(self).groups.push_back(name.UTF8String);
}

- (void)popDebugGroup {
  if (require(!coreOf(self).groups.empty(), "-[MTLCommandBuffer popDebugGroup]", "no group was pushed")) {
    coreOf(self).groups.pop_back();
  }
}

- (void)useResidencySet:(id<MTLResidencySet>)set {
  if (open(self, "-[MTLCommandBuffer useResidencySet:]")) coreOf(self).keep(set);
}

- (void)useResidencySets:(const id<MTLResidencySet>[])sets count:(NSUInteger)count {
  for (NSUInteger i = 0; i < count; ++i) [self useResidencySet:sets[i]];
}

- (void)addScheduledHandler:(MTLCommandBufferHandler)block {
  if (open(self, "-[MTLCommandBuffer addScheduledHandler:]")) coreOf(self).addHandler(false, block);
}

- (void)addCompletedHandler:(MTLCommandBufferHandler)block {
  if (open(self, "-[MTLCommandBuffer addCompletedHandler:]")) coreOf(self).addHandler(true, block);
}

- (void)enqueue {
  if (!open(self, "-[MTLCommandBuffer enqueue]")) return;
  coreOf(self).advance(MTLCommandBufferStatusEnqueued);
  state(self).queueCore->enqueue(self, coreOf(self));
}

- (void)commit {
  if (!betweenEncoders(self, "-[MTLCommandBuffer commit]")) return;
  coreOf(self).advance(MTLCommandBufferStatusCommitted);
  state(self).queueCore->commit(self, coreOf(self));
}

- (void)waitUntilScheduled {
  if (require(coreOf(self).committed, "-[MTLCommandBuffer waitUntilScheduled]",
              "the command buffer is not committed")) {
    coreOf(self).waitFor(false);
  }
}

- (void)waitUntilCompleted {
  if (require(coreOf(self).committed, "-[MTLCommandBuffer waitUntilCompleted]",
              "the command buffer is not committed")) {
    coreOf(self).waitFor(true);
  }
}

- (MTLCommandBufferStatus)status {
  return coreOf(self).status();
}

- (NSError*)error {
  return coreOf(self).error();
}

- (CFTimeInterval)GPUStartTime {
  return coreOf(self).start();
}

- (CFTimeInterval)GPUEndTime {
  return coreOf(self).end();
}

- (CFTimeInterval)kernelStartTime {
  return coreOf(self).start();
}

- (CFTimeInterval)kernelEndTime {
  return coreOf(self).end();
}

- (BOOL)respondsToSelector:(SEL)selector {
  return metal_sim::withheld(selector, { @selector(useResidencySet:), @selector(useResidencySets:count:) })
             ? NO
             : [super respondsToSelector:selector];
}

- (void)dealloc {
  if (!coreOf(self).committed) {
    state(self).queueCore->withdraw(self);
    state(self).queueCore->givePlace();
  }
  [super dealloc];
}

@end
