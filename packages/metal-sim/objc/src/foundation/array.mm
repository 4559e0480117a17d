#include <vector>

#include "../object.h"

namespace {

struct Elements : metal_sim::State {
  ~Elements() override {
    for (id object : objects) [object release];
  }
  std::vector<id> objects;
};

const std::vector<id>& elements(NSArray* array) { return metal_sim::stateOf<Elements>(array).objects; }

}  // namespace

@implementation NSArray

- (instancetype)init {
  return metal_sim::withState<Elements>(self);
}

- (instancetype)initWithObjects:(const id[])objects count:(NSUInteger)count {
  metal_sim::withState<Elements>(self);
  auto& state = metal_sim::stateOf<Elements>(self);
  for (NSUInteger i = 0; i < count; ++i) state.objects.push_back([objects[i] retain]);
  return self;
}

+ (instancetype)array {
  return [[[self alloc] init] autorelease];
}

+ (instancetype)arrayWithObject:(id)object {
  return [self arrayWithObjects:&object count:1];
}

+ (instancetype)arrayWithObjects:(const id[])objects count:(NSUInteger)count {
  return [[[self alloc] initWithObjects:objects count:count] autorelease];
}

- (NSUInteger)count {
  return elements(self).size();
}

- (id)objectAtIndex:(NSUInteger)index {
  return elements(self).at(index);
}

- (id)objectAtIndexedSubscript:(NSUInteger)index {
  return elements(self).at(index);
}

- (id)firstObject {
  return elements(self).empty() ? nil : elements(self).front();
}

- (id)lastObject {
  return elements(self).empty() ? nil : elements(self).back();
}

- (BOOL)containsObject:(id)object {
  for (id element : elements(self)) {
    if ([element isEqual:object]) return YES;
  }
  return NO;
}

- (NSUInteger)countByEnumeratingWithState:(NSFastEnumerationState*)state
                                  objects:(id[])METAL_SIM_UNUSED buffer
                                    count:(NSUInteger)METAL_SIM_UNUSED count {
  if (state->state != 0) return 0;
  state->state = 1;
  state->itemsPtr = const_cast<id*>(elements(self).data());
  state->mutationsPtr = &state->extra[0];  // arrays do not change
  return elements(self).size();
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

@end
