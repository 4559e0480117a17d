#ifndef METAL_SIM_OBJC_EVENT_H
#define METAL_SIM_OBJC_EVENT_H

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base.h"

@interface SimEvent : SimObject <MTLEvent>
@end
@interface SimSharedEvent : SimEvent <MTLSharedEvent>
@end

namespace metal_sim {

// A value that only grows, and those who wait for it.
class Event {
 public:
  uint64_t value();
  void set(uint64_t value);
  // Whether the value came in time.
  bool wait(uint64_t value, std::chrono::duration<double> longest);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t value_ = 0;
};

// Retained.
id<MTLEvent> makeEvent(id<MTLDevice> device);
id<MTLSharedEvent> makeSharedEvent(id<MTLDevice> device);
std::shared_ptr<Event> eventOf(id<MTLEvent> event);

}  // namespace metal_sim
#endif
