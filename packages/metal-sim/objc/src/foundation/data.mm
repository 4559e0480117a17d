#include <string>

#include "../object.h"

namespace {

struct Bytes : metal_sim::State {
  Bytes(const void* data, NSUInteger length) : bytes(static_cast<const char*>(data), data ? length : 0) {}
  std::string bytes;
};

}  // namespace

@implementation NSData

- (instancetype)init {
  return metal_sim::withState<Bytes>(self, nullptr, 0);
}

- (instancetype)initWithBytes:(const void*)bytes length:(NSUInteger)length {
  return metal_sim::withState<Bytes>(self, bytes, length);
}

+ (instancetype)data {
  return [[[self alloc] init] autorelease];
}

+ (instancetype)dataWithBytes:(const void*)bytes length:(NSUInteger)length {
  return [[[self alloc] initWithBytes:bytes length:length] autorelease];
}

- (const void*)bytes {
  return metal_sim::stateOf<Bytes>(self).bytes.data();
}

- (NSUInteger)length {
  return metal_sim::stateOf<Bytes>(self).bytes.size();
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

@end
