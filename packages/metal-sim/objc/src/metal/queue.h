#ifndef METAL_SIM_OBJC_QUEUE_H
#define METAL_SIM_OBJC_QUEUE_H

#include <condition_variable>
#include <deque>
#include <memory>

#include "command_buffer.h"

@interface SimCommandQueue : SimObject <MTLCommandQueue>
@end

namespace metal_sim {

// The list of a queue and the thread that works on it: command buffers run one after the other in the order in which
// they were enqueued (a commit enqueues).
class QueueCore : public std::enable_shared_from_this<QueueCore> {
 public:
  explicit QueueCore(size_t most) : most_(most) {}

  // At most so many command buffers are between their creation and their completion: waits for a place. False after a
  // while.
  bool takePlace();
  void givePlace();

  void enqueue(SimCommandBuffer* object, CommandBufferCore& buffer);
  // The object is retained until it has run.
  void commit(SimCommandBuffer* object, CommandBufferCore& buffer);
  void withdraw(SimCommandBuffer* object);
  // The thread ends when the list is empty.
  void stop();

 private:
  void work();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SimCommandBuffer*> list_;
  size_t places_ = 0;
  bool started_ = false, stopped_ = false;
};

// Retained.
id<MTLCommandQueue> makeQueue(id<MTLDevice> device, NSUInteger most);

CommandBufferCore& coreOf(SimCommandBuffer* buffer);

}  // namespace metal_sim
#endif
