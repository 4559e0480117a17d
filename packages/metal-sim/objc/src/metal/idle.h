// How much the threads of command queues still hold.
#ifndef METAL_SIM_OBJC_IDLE_H
#define METAL_SIM_OBJC_IDLE_H

namespace metal_sim {

// One for each command buffer between commit and the moment its queue has let go of it, and each completion handler of
// a compilation that is still to be called.
class InFlight {
 public:
  InFlight();
  ~InFlight();
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
};

// Returns when nothing is in flight, or after a minute.
void waitUntilIdle();

}  // namespace metal_sim
#endif
