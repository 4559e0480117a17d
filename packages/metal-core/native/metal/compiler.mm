#include "compiler.h"

#include <atomic>

#include "retained.h"

namespace metal_core {

void Compiler::push(std::function<void(bool stopped)> task) {
  if (stopped_) {
    task(true);
    return;
  }
  std::unique_ptr<TaskQueue>& queue = queues_[next_++ % kThreads];
  if (!queue) queue = std::make_unique<TaskQueue>();
  queue->push([task = std::move(task)](bool stopped) mutable {
    const AutoreleasePool pool;
    task(stopped);
    task = nullptr;  // what it holds ends inside the pool
  });
}

void Compiler::stop(std::function<void()> stopped) {
  stopped_ = true;
  // One more than there are queues, so that the last of them, or this call, is the one that tells.
  auto left = std::make_shared<std::atomic<size_t>>(1);
  const auto tell = [left, stopped = std::move(stopped)] {
    if (left->fetch_sub(1) == 1 && stopped) stopped();
  };
  for (const auto& queue : queues_) {
    if (!queue) continue;
    left->fetch_add(1);
    queue->stop(tell);
  }
  tell();
}

}  // namespace metal_core
