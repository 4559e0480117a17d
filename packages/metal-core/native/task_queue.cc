#include "task_queue.h"

namespace metal_core {

TaskQueue::TaskQueue() : thread_([this] { loop(); }) {}

TaskQueue::~TaskQueue() {
  stop(nullptr);
  thread_.join();
}

void TaskQueue::push(Task task) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!stopping_.load(std::memory_order_relaxed)) {
      tasks_.push_back(std::move(task));
      unfinished_.fetch_add(1, std::memory_order_relaxed);
      wake_.notify_one();
      return;
    }
  }
  task(true);
}

void TaskQueue::stop(std::function<void()> stopped) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_.load(std::memory_order_relaxed)) return;
  stopped_ = std::move(stopped);
  stopping_.store(true, std::memory_order_release);
  wake_.notify_one();
}

void TaskQueue::loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return !tasks_.empty() || stopping_.load(std::memory_order_relaxed); });
    if (tasks_.empty()) break;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    const bool stopped = stopping_.load(std::memory_order_relaxed);
    lock.unlock();
    task(stopped);
    task = nullptr;  // releases what it holds before it counts as finished
    unfinished_.fetch_sub(1, std::memory_order_release);
    lock.lock();
  }
  std::function<void()> stopped = std::move(stopped_);
  lock.unlock();
  if (stopped) stopped();
}

}  // namespace metal_core
