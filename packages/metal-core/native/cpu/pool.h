// A fork-join pool: the calling thread takes part, and nobody waits for a worker that has not started yet.
#ifndef METAL_CORE_CPU_POOL_H
#define METAL_CORE_CPU_POOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "placement.h"

namespace metal_core {

// Waits for a condition on atomics: spins briefly, then yields, then sleeps until `notify`.
class SpinWait {
 public:
  // The condition must become true by sequentially consistent stores made before `notify`. While `eager` holds, it
  // yields for longer before it sleeps. `turn` is called before it spins and between yields.
  template <class Condition, class Eager, class Turn>
  void wait(Condition condition, Eager eager, Turn turn) {
    turn();
    for (int i = 0; i < kSpins; i++) {
      if (condition()) return;
      relax();
    }
    for (int i = 0; i < kYields || (eager() && i < kEagerYields); i++) {
      if (condition()) return;
      turn();
      std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, condition);
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }
  void notify() {
    if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
    { std::lock_guard<std::mutex> lock(mutex_); }  // a sleeper is now either waiting or has seen the condition
    wake_.notify_all();
  }

 private:
  // Some 20 us of spinning, as much of yielding; or about 1 ms of it while a submission runs, since waking a sleeper
  // takes longer (50 us on a virtual machine) than most stages of a graph.
  static constexpr int kSpins = 1000, kYields = 100, kEagerYields = 4000;
  static void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

class Pool {
 public:
  // `threads` takes part in all: the caller of `run` and threads - 1 workers. Throws std::system_error when the system
  // refuses a thread.
  explicit Pool(uint32_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  uint32_t threads() const { return threads_; }

  // Calls body(context, chunk, thread) for each chunk < chunks, from several threads, and returns when all have been
  // done; what they wrote is then visible. thread < threads() is unique among those running. One caller at a time.
  using Body = void (*)(void* context, uint64_t chunk, uint32_t thread);
  void run(uint64_t chunks, Body body, void* context);

  // Tells the workers that more runs follow at once (true), or that they may sleep.
  void setEager(bool eager) { eager_.store(eager, std::memory_order_relaxed); }

 private:
  struct Job {
    Body body = nullptr;
    void* context = nullptr;
    uint64_t chunks = 0;
  };
  void work(uint32_t thread);
  void take(uint32_t thread);
  void shutDown();

  const uint32_t threads_;
  Placement placement_;
  std::vector<std::thread> workers_;
  Job job_;  // written only while the gate is closed and everybody has left
  alignas(64) std::atomic<uint64_t> next_{0};
  // Which job, whether it still admits workers, and how many it has admitted: generation << 17 | open << 16 | entered.
  alignas(64) std::atomic<uint64_t> gate_{0};
  alignas(64) std::atomic<uint64_t> left_{0};
  std::atomic<bool> stopping_{false}, eager_{false};
  SpinWait wake_, done_;
};

}  // namespace metal_core
#endif
