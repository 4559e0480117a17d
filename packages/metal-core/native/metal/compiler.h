// The threads on which sources and pipelines are compiled.
#ifndef METAL_CORE_METAL_COMPILER_H
#define METAL_CORE_METAL_COMPILER_H

#include <array>
#include <functional>
#include <memory>

#include "../task_queue.h"

namespace metal_core {

class Compiler {
 public:
  // On one of the threads, which start when they are first needed; with stopped = true once the compiler has been
  // stopped. Called by one thread at a time.
  void push(std::function<void(bool stopped)> task);
  // `stopped` is called once, from any thread, when no task is left. Call it once.
  void stop(std::function<void()> stopped);

 private:
  // As many as make compilers wait for each other's shared work, on the smallest Macs.
  static constexpr size_t kThreads = 4;
  std::array<std::unique_ptr<TaskQueue>, kThreads> queues_;
  size_t next_ = 0;
  bool stopped_ = false;
};

}  // namespace metal_core
#endif
