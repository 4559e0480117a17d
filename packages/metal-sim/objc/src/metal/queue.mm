#include "queue.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "configuration.h"

namespace {

struct QueueState : metal_sim::DeviceObject {
  QueueState(id<MTLDevice> device, NSUInteger most)
      : DeviceObject(device), core(std::make_shared<metal_sim::QueueCore>(most)) {}
  ~QueueState() override { core->stop(); }
  const std::shared_ptr<metal_sim::QueueCore> core;
  std::vector<metal_sim::Strong<id<MTLResidencySet>>> residency;
};

QueueState& state(id queue) { return metal_sim::stateOf<QueueState>(queue); }

constexpr size_t kMostResidencySets = 32;

}  // namespace

namespace metal_sim {

bool QueueCore::takePlace() {
  std::unique_lock lock(mutex_);
  const bool free = changed_.wait_for(lock, std::chrono::seconds(20), [this] { return places_ < most_; });
  ++places_;
  return free;
}

void QueueCore::givePlace() {
  std::lock_guard lock(mutex_);
  --places_;
  changed_.notify_all();
}

void QueueCore::enqueue(SimCommandBuffer* object, CommandBufferCore& buffer) {
  std::lock_guard lock(mutex_);
  if (buffer.enqueued) return;
  buffer.enqueued = true;
  list_.push_back(object);
}

void QueueCore::commit(SimCommandBuffer* object, CommandBufferCore& buffer) {
  buffer.inFlight = std::make_unique<InFlight>();
  [object retain];
  enqueue(object, buffer);
  std::lock_guard lock(mutex_);
  buffer.committed = true;
  if (!started_) std::thread([core = shared_from_this()] { core->work(); }).detach();
  started_ = true;
  changed_.notify_all();
}

void QueueCore::withdraw(SimCommandBuffer* object) {
  std::lock_guard lock(mutex_);
  std::erase(list_, object);
  changed_.notify_all();
}

void QueueCore::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void QueueCore::work() {
  for (;;) {
    SimCommandBuffer* object;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return list_.empty() ? stopped_ : coreOf(list_.front()).committed.load(); });
      if (list_.empty()) return;
      object = list_.front();
      list_.pop_front();
    }
    // Gone with the object: idle is when nothing of it is left.
    std::unique_ptr<InFlight> inFlight = std::move(coreOf(object).inFlight);
    @autoreleasepool {
      coreOf(object).execute(object);
      givePlace();
      [object release];
    }
  }
}

id<MTLCommandQueue> makeQueue(id<MTLDevice> device, NSUInteger most) {
  return withState<QueueState>([SimCommandQueue alloc], device, most);
}

}  // namespace metal_sim

@implementation SimCommandQueue

- (id<MTLCommandBuffer>)commandBuffer {
  return metal_sim::makeCommandBuffer(self, state(self).core, true, MTLCommandBufferErrorOptionNone);
}

- (id<MTLCommandBuffer>)commandBufferWithUnretainedReferences {
  return metal_sim::makeCommandBuffer(self, state(self).core, false, MTLCommandBufferErrorOptionNone);
}

- (id<MTLCommandBuffer>)commandBufferWithDescriptor:(MTLCommandBufferDescriptor*)descriptor {
  return metal_sim::makeCommandBuffer(self, state(self).core, descriptor.retainedReferences, descriptor.errorOptions);
}

- (void)addResidencySet:(id<MTLResidencySet>)set {
  auto& sets = state(self).residency;
  [self removeResidencySet:set];
  if (metal_sim::require(sets.size() < kMostResidencySets, "-[MTLCommandQueue addResidencySet:]",
                         "a queue takes at most 32 residency sets")) {
    sets.emplace_back(set);
  }
}

- (void)addResidencySets:(const id<MTLResidencySet>[])sets count:(NSUInteger)count {
  for (NSUInteger i = 0; i < count; ++i) [self addResidencySet:sets[i]];
}

- (void)removeResidencySet:(id<MTLResidencySet>)set {
  std::erase_if(state(self).residency, [&](const auto& entry) { return entry.get() == set; });
}

- (void)removeResidencySets:(const id<MTLResidencySet>[])sets count:(NSUInteger)count {
  for (NSUInteger i = 0; i < count; ++i) [self removeResidencySet:sets[i]];
}

- (BOOL)respondsToSelector:(SEL)selector {
  return metal_sim::withheld(selector,
                             {
                               @selector(addResidencySet:), @selector(addResidencySets:count:),
                                   @selector(removeResidencySet:), @selector(removeResidencySets:count:)
                             })
             ? NO
             : [super respondsToSelector:selector];
}

@end
