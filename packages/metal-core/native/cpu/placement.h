// Which processors the threads of a pool run on. A scheduler balances over milliseconds, the pool works in microseconds: a worker
// that was woken on its caller's processor would wait there until the work is done, while another processor is idle.
#ifndef METAL_CORE_CPU_PLACEMENT_H
#define METAL_CORE_CPU_PLACEMENT_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace metal_core {

// The processor that the calling thread runs on, or -1 where the system does not say.
int currentProcessor();

// Moves the calling thread to another processor that it may use, if it runs on this one.
void leaveProcessor(int processor);

class Placement {
 public:
  explicit Placement(uint32_t threads) : seats_(threads) {}

  // Notes where the calling thread runs, which is `thread` of the pool. Some 10 ns.
  void note(uint32_t thread);

  // The same; and if a thread with a lower number was last seen on this processor, moves to one that the process may use and where
  // none was seen. It may then be scheduled anywhere that it might have been before (Linux remembers that set: processors that a
  // container is given later are not in it). At most once a millisecond, since others may want that processor too. Does nothing
  // where the system does not allow it, or has no such call.
  void spread(uint32_t thread);

 private:
  struct alignas(64) Seat {
    std::atomic<int> processor{-1};
    std::chrono::steady_clock::time_point moved{};  // of its thread alone
  };
  std::vector<Seat> seats_;
};

}  // namespace metal_core
#endif
