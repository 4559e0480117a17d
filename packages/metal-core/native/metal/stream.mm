#include "stream.h"

namespace metal_core {

void Stream::push(Task task) {
  encoding_.push([task = std::move(task)](bool stopped) mutable {
    const AutoreleasePool pool;
    task(stopped);
    task = nullptr;  // what it holds ends inside the pool
  });
}

Retained<id<MTLCommandBuffer>> Stream::commands(const char* label) {
  // Unretained: retaining hundreds of resources for each token takes longer than encoding them. Their owners (graph,
  // staging, `done`) are held by what waits for the command buffer.
  auto commands = Retained<id<MTLCommandBuffer>>::share([context_->queue() commandBufferWithUnretainedReferences]);
  if (!commands) {
    throw Error(ErrorCode::kOutOfMemory, "[device] expected a command buffer, got none from the system; dispose buffers");
  }
  commands.get().label = toFoundation(label);
  return commands;
}

void Stream::commit(Retained<id<MTLCommandBuffer>> commands, Completed completed) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [this] { return inFlight_ < kInFlight; });
    inFlight_++;
  }
  context_->residency().update();
  [commands.get() commit];
  after([this, commands = std::move(commands), completed = std::move(completed)](bool) {
    [commands.get() waitUntilCompleted];
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      inFlight_--;
    }
    room_.notify_one();
    completed(commands.get());
  });
}

void Stream::after(After task) {
  waiting_.push([task = std::move(task)](bool stopped) mutable {
    const AutoreleasePool pool;
    task(stopped);
    task = nullptr;
  });
}

void Stream::stop(std::function<void()> stopped) {
  encoding_.stop([this, stopped = std::move(stopped)] { waiting_.stop(stopped); });
}

}  // namespace metal_core
