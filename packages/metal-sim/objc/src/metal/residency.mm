// Sets are kept, and nothing depends on them: all memory is resident here. What a set holds it retains, as Apple's
// does.
#include "residency.h"

#include <algorithm>
#include <vector>

#include "property.h"

namespace {

using Allocation = metal_sim::Strong<id<MTLAllocation>>;
using Allocations = std::vector<Allocation>;

struct Set : metal_sim::DeviceObject {
  using DeviceObject::DeviceObject;
  std::mutex mutex;
  Allocations pending, committed;
};

struct Descriptor : metal_sim::State {
  metal_sim::Strong<NSString*> label;
  NSUInteger initialCapacity = 0;
};

Set& set(id object) { return metal_sim::stateOf<Set>(object); }
Descriptor& state(id object) { return metal_sim::stateOf<Descriptor>(object); }

Allocations::iterator find(Allocations& allocations, id<MTLAllocation> wanted) {
  return std::ranges::find_if(allocations, [&](const Allocation& entry) { return entry.get() == wanted; });
}

}  // namespace

id<MTLResidencySet> metal_sim::makeResidencySet(id<MTLDevice> device, MTLResidencySetDescriptor* descriptor) {
  SimResidencySet* result = withState<Set>([SimResidencySet alloc], device);
  result.label = descriptor.label;
  return result;
}

@implementation MTLResidencySetDescriptor

- (instancetype)init {
  return metal_sim::withState<Descriptor>(self);
}

METAL_SIM_OBJECT_PROPERTY(NSString*, label, setLabel, copy)
METAL_SIM_PROPERTY(NSUInteger, initialCapacity, setInitialCapacity)

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLResidencySetDescriptor* copy = [[MTLResidencySetDescriptor alloc] init];
  state(copy) = state(self);
  return copy;
}

@end

@implementation SimResidencySet

- (void)addAllocation:(id<MTLAllocation>)allocation {
  std::lock_guard lock(set(self).mutex);
  if (find(set(self).pending, allocation) == set(self).pending.end()) set(self).pending.emplace_back(allocation);
}

- (void)addAllocations:(const id<MTLAllocation>[])allocations count:(NSUInteger)count {
  for (NSUInteger i = 0; i < count; ++i) [self addAllocation:allocations[i]];
}

- (void)removeAllocation:(id<MTLAllocation>)allocation {
  std::lock_guard lock(set(self).mutex);
  const auto found = find(set(self).pending, allocation);
  if (found != set(self).pending.end()) set(self).pending.erase(found);
}

- (void)removeAllocations:(const id<MTLAllocation>[])allocations count:(NSUInteger)count {
  for (NSUInteger i = 0; i < count; ++i) [self removeAllocation:allocations[i]];
}

- (void)removeAllAllocations {
  std::lock_guard lock(set(self).mutex);
  set(self).pending.clear();
}

- (BOOL)containsAllocation:(id<MTLAllocation>)allocation {
  std::lock_guard lock(set(self).mutex);
  return find(set(self).pending, allocation) != set(self).pending.end();
}

- (NSArray*)allAllocations {
  std::lock_guard lock(set(self).mutex);
  std::vector<id> objects;
  for (const Allocation& entry : set(self).pending) objects.push_back(entry.get());
  return [NSArray arrayWithObjects:objects.data() count:objects.size()];
}

- (NSUInteger)allocationCount {
  std::lock_guard lock(set(self).mutex);
  return set(self).pending.size();
}

- (void)commit {
  std::lock_guard lock(set(self).mutex);
  set(self).committed = set(self).pending;
}

- (uint64_t)allocatedSize {
  std::lock_guard lock(set(self).mutex);
  uint64_t bytes = 0;
  for (const Allocation& entry : set(self).committed) bytes += entry.get().allocatedSize;
  return bytes;
}

- (void)requestResidency {
}

- (void)endResidency {
}

@end
