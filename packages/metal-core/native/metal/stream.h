// Brings work to the GPU in order, with two threads: one encodes and commits command buffers, the other waits for them,
// in the same order, and tells the results. Nothing of it waits on the caller's thread.
#ifndef METAL_CORE_METAL_STREAM_H
#define METAL_CORE_METAL_STREAM_H

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "../task_queue.h"
#include "context.h"
#include "text.h"

namespace metal_core {

class Stream {
 public:
  explicit Stream(std::shared_ptr<MetalContext> context) : context_(std::move(context)) {}

  // Runs on the encoding thread. After stop: with stopped = true, when it must call nothing of this but `after`.
  using Task = std::function<void(bool stopped)>;
  void push(Task task);

  // On the encoding thread. A command buffer whose resources the caller keeps alive until `completed`.
  Retained<id<MTLCommandBuffer>> commands(const char* label);
  // Commits it, first waiting while as many as allowed are in flight. `completed` runs on the waiting thread.
  using Completed = std::function<void(id<MTLCommandBuffer> commands)>;
  void commit(Retained<id<MTLCommandBuffer>> commands, Completed completed);
  // Runs on the waiting thread after everything that was committed before.
  using After = std::function<void(bool stopped)>;
  void after(After task);

  bool stopping() const { return encoding_.stopping(); }
  // Ends the encoding thread, then the waiting thread, which calls `stopped` when all that was pushed has been told.
  void stop(std::function<void()> stopped);

  // A failure that belongs to nobody who waits (an upload's): told with the next result. On the waiting thread.
  void keepFailure(Error error) { kept_ = std::move(error); }
  std::optional<Error> takeFailure() { return std::exchange(kept_, std::nullopt); }

 private:
  // Enough that the GPU always has the next one; few enough that a cancelled submission ends soon.
  static constexpr uint32_t kInFlight = 4;
  std::shared_ptr<MetalContext> context_;
  std::mutex mutex_;
  std::condition_variable room_;
  uint32_t inFlight_ = 0;
  std::optional<Error> kept_;
  TaskQueue waiting_;
  TaskQueue encoding_;  // last: it ends first, as it feeds the other
};

}  // namespace metal_core
#endif
