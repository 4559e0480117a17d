// Few keys: looked for one after the other, in the order in which they were given.
#include <utility>
#include <vector>

#include "../object.h"

namespace {

struct Entries : metal_sim::State {
  ~Entries() override {
    for (auto& [key, object] : entries) {
      [key release];
      [object release];
    }
  }
  std::vector<std::pair<id, id>> entries;
};

const std::vector<std::pair<id, id>>& entries(NSDictionary* dictionary) {
  return metal_sim::stateOf<Entries>(dictionary).entries;
}

}  // namespace

@implementation NSDictionary

- (instancetype)init {
  return metal_sim::withState<Entries>(self);
}

- (instancetype)initWithObjects:(const id[])objects forKeys:(const id<NSCopying>[])keys count:(NSUInteger)count {
  metal_sim::withState<Entries>(self);
  auto& state = metal_sim::stateOf<Entries>(self);
  for (NSUInteger i = 0; i < count; ++i) {
    if (![self objectForKey:(id)keys[i]]) {
      state.entries.emplace_back([keys[i] copyWithZone:nullptr], [objects[i] retain]);
    }
  }
  return self;
}

+ (instancetype)dictionary {
  return [[[self alloc] init] autorelease];
}

+ (instancetype)dictionaryWithObject:(id)object forKey:(id<NSCopying>)key {
  return [self dictionaryWithObjects:&object forKeys:&key count:1];
}

+ (instancetype)dictionaryWithObjects:(const id[])objects forKeys:(const id<NSCopying>[])keys count:(NSUInteger)count {
  return [[[self alloc] initWithObjects:objects forKeys:keys count:count] autorelease];
}

- (NSUInteger)count {
  return entries(self).size();
}

- (id)objectForKey:(id)key {
  for (const auto& [name, object] : entries(self)) {
    if ([name isEqual:key]) return object;
  }
  return nil;
}

- (id)objectForKeyedSubscript:(id)key {
  return [self objectForKey:key];
}

- (NSArray*)allKeys {
  std::vector<id> keys;
  for (const auto& [key, object] : entries(self)) keys.push_back(key);
  return [NSArray arrayWithObjects:keys.data() count:keys.size()];
}

- (NSArray*)allValues {
  std::vector<id> values;
  for (const auto& [key, object] : entries(self)) values.push_back(object);
  return [NSArray arrayWithObjects:values.data() count:values.size()];
}

- (NSUInteger)countByEnumeratingWithState:(NSFastEnumerationState*)state objects:(id[])buffer count:(NSUInteger)count {
  NSUInteger number = 0;
  for (; number < count && state->state < entries(self).size(); ++number) {
    buffer[number] = entries(self)[state->state++].first;
  }
  state->itemsPtr = buffer;
  state->mutationsPtr = &state->extra[0];
  return number;
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

@end
