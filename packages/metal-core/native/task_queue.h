// One thread that runs tasks first in, first out.
#ifndef METAL_CORE_TASK_QUEUE_H
#define METAL_CORE_TASK_QUEUE_H

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace metal_core {

class TaskQueue {
 public:
  // `stopped`: the queue has been stopped, and the task must only say so to whoever waits for it. Must not throw.
  using Task = std::function<void(bool stopped)>;

  TaskQueue();
  ~TaskQueue();  // stops, runs what is left with stopped = true, and joins

  // After stop, the task is run at once, on the caller's thread, with stopped = true.
  void push(Task task);
  // Whether nothing is queued or running.
  bool idle() const { return unfinished_.load(std::memory_order_acquire) == 0; }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  // `stopped` is called, on the queue's thread, after the last task.
  void stop(std::function<void()> stopped);

 private:
  void loop();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::atomic<size_t> unfinished_{0};
  std::atomic<bool> stopping_{false};
  std::function<void()> stopped_;
  std::thread thread_;
};

}  // namespace metal_core
#endif
