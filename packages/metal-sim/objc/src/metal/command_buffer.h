#ifndef METAL_SIM_OBJC_COMMAND_BUFFER_H
#define METAL_SIM_OBJC_COMMAND_BUFFER_H

#include <Block.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "commands.h"
#include "execution.h"
#include "idle.h"

@class SimCommandQueue;

@interface SimCommandBuffer : SimObject <MTLCommandBuffer>
@end

namespace metal_sim {

class QueueCore;

// What encoders, the queue's thread and the object share.
class CommandBufferCore {
 public:
  CommandBufferCore(bool retained, MTLCommandBufferErrorOption options) : retained_(retained), options_(options) {}
  ~CommandBufferCore() { letGo(); }

  bool retained() const { return retained_; }
  MTLCommandBufferErrorOption options() const { return options_; }

  // Encoding; on the thread of the caller, before the commit.
  CommandList list;
  std::vector<std::string> groups;  // pushDebugGroup:
  bool encoding = false;            // an encoder is open
  void keep(id object);             // until the commands have run
  void use(const std::shared_ptr<Memory>& memory);
  void addHandler(bool completed, MTLCommandBufferHandler handler);

  // Life.
  MTLCommandBufferStatus status();
  bool advance(MTLCommandBufferStatus status);  // false when it is that far already
  void waitFor(bool completed);
  // On the queue's thread: everything from `scheduled` to the last handler.
  void execute(SimCommandBuffer* object);

  NSError* error();
  double start(), end();  // seconds

  // On the queue's list from `enqueue` or `commit` on.
  bool enqueued = false;  // guarded by the queue
  std::atomic<bool> committed = false;
  std::unique_ptr<InFlight> inFlight;

 private:
  void letGo();
  void letGoOfResources();
  void call(bool completed, SimCommandBuffer* object);
  NSError* errorOf(const ExecutionResult& result) const;

  const bool retained_;
  const MTLCommandBufferErrorOption options_;
  std::unordered_set<id> kept_;
  std::unordered_set<std::shared_ptr<Memory>> used_;

  std::mutex mutex_;
  std::condition_variable changed_;
  MTLCommandBufferStatus status_ = MTLCommandBufferStatusNotEnqueued;
  bool scheduled_ = false, finished_ = false;  // and the handlers have returned
  std::thread::id runsOn_;
  Strong<NSError*> error_;
  double start_ = 0, end_ = 0;
  std::vector<MTLCommandBufferHandler> scheduledHandlers_, completedHandlers_;
};

// Autoreleased.
id<MTLCommandBuffer> makeCommandBuffer(SimCommandQueue* queue, std::shared_ptr<QueueCore> core, bool retained,
                                       MTLCommandBufferErrorOption options);

}  // namespace metal_sim
#endif
