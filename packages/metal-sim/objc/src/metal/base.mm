#include "base.h"

using metal_sim::DeviceObject;
using metal_sim::stateOf;

@implementation SimObject

- (id<MTLDevice>)device {
  return stateOf<DeviceObject>(self).device.get();
}

- (NSString*)label {
  auto& state = stateOf<DeviceObject>(self);
  std::lock_guard lock(state.labelMutex);
  return state.label.autoreleased();
}

- (void)setLabel:(NSString*)label {
  auto& state = stateOf<DeviceObject>(self);
  std::lock_guard lock(state.labelMutex);
  state.label = metal_sim::Strong<NSString*>::adopt([label copy]);
}

@end
