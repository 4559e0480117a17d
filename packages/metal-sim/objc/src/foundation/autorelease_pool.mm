#include <cstdio>
#include <vector>

#include "../object.h"

namespace {

struct Pool : metal_sim::State {
  std::vector<id> objects;
};

// The innermost last. Pools of one thread nest; draining one drains those inside.
thread_local std::vector<NSAutoreleasePool*> pools;

}  // namespace

@implementation NSAutoreleasePool

- (instancetype)init {
  metal_sim::withState<Pool>(self);
  pools.push_back(self);
  return self;
}

+ (void)addObject:(id)object {
  if (pools.empty()) {
    std::fprintf(stderr, "metal-sim: %s autoreleased with no pool in place: leaked\n",
                 [[object class] description].UTF8String);
    return;
  }
  [pools.back() addObject:object];
}

- (void)addObject:(id)object {
  metal_sim::stateOf<Pool>(self).objects.push_back(object);
}

- (void)drain {
  [self release];
}

- (instancetype)autorelease {
  return self;
}

- (void)dealloc {
  while (!pools.empty() && pools.back() != self) [pools.back() release];
  auto& objects = metal_sim::stateOf<Pool>(self).objects;
  // Deallocating may autorelease more: into this pool, which is still the innermost.
  while (!objects.empty()) {
    id object = objects.back();
    objects.pop_back();
    [object release];
  }
  if (!pools.empty()) pools.pop_back();
  [super dealloc];
}

@end
