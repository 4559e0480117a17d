#include "event.h"

using metal_sim::Event;
using metal_sim::eventOf;

namespace {

struct EventState : metal_sim::DeviceObject {
  using DeviceObject::DeviceObject;
  std::shared_ptr<Event> event = std::make_shared<Event>();
};

}  // namespace

namespace metal_sim {

uint64_t Event::value() {
  std::lock_guard lock(mutex_);
  return value_;
}

void Event::set(uint64_t value) {
  std::lock_guard lock(mutex_);
  value_ = value;
  changed_.notify_all();
}

bool Event::wait(uint64_t value, std::chrono::duration<double> longest) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, longest, [&] { return value_ >= value; });
}

id<MTLEvent> makeEvent(id<MTLDevice> device) { return withState<EventState>([SimEvent alloc], device); }

id<MTLSharedEvent> makeSharedEvent(id<MTLDevice> device) {
  return withState<EventState>([SimSharedEvent alloc], device);
}

std::shared_ptr<Event> eventOf(id<MTLEvent> event) { return stateOf<EventState>(event).event; }

}  // namespace metal_sim

@implementation SimEvent
@end

@implementation SimSharedEvent

- (uint64_t)signaledValue {
  return eventOf(self)->value();
}

- (void)setSignaledValue:(uint64_t)value {
  eventOf(self)->set(value);
}

- (BOOL)waitUntilSignaledValue:(uint64_t)value timeoutMS:(uint64_t)milliseconds {
  return eventOf(self)->wait(value, std::chrono::milliseconds(milliseconds));
}

@end
