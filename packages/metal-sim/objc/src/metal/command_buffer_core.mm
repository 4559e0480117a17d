#include <utility>

#include "command_buffer.h"
#include "device.h"
#include "encoder_info.h"

NSErrorDomain const MTLCommandBufferErrorDomain = @"MTLCommandBufferErrorDomain";

namespace metal_sim {

void CommandBufferCore::keep(id object) {
  if (retained_ && object && kept_.insert(object).second) [object retain];
}

void CommandBufferCore::use(const std::shared_ptr<Memory>& memory) {
  if (!retained_ && used_.insert(memory).second) ++memory->unretainedUses;
}

void CommandBufferCore::letGoOfResources() {
  list.commands.clear();
  for (const auto& memory : std::exchange(used_, {})) --memory->unretainedUses;
  for (id object : std::exchange(kept_, {})) [object release];
}

void CommandBufferCore::letGo() {
  letGoOfResources();
  for (const auto handler : std::exchange(scheduledHandlers_, {})) Block_release(handler);
  for (const auto handler : std::exchange(completedHandlers_, {})) Block_release(handler);
}

void CommandBufferCore::addHandler(bool completed, MTLCommandBufferHandler handler) {
  std::lock_guard lock(mutex_);
  (completed ? completedHandlers_ : scheduledHandlers_).push_back(Block_copy(handler));
}

MTLCommandBufferStatus CommandBufferCore::status() {
  std::lock_guard lock(mutex_);
  return status_;
}

bool CommandBufferCore::advance(MTLCommandBufferStatus status) {
  std::lock_guard lock(mutex_);
  if (status_ >= status) return false;
  status_ = status;
  return true;
}

NSError* CommandBufferCore::error() {
  std::lock_guard lock(mutex_);
  return error_.autoreleased();
}

double CommandBufferCore::start() {
  std::lock_guard lock(mutex_);
  return start_;
}

double CommandBufferCore::end() {
  std::lock_guard lock(mutex_);
  return end_;
}

void CommandBufferCore::waitFor(bool completed) {
  std::unique_lock lock(mutex_);
  // A handler that waits for its own command buffer would wait for ever.
  if (runsOn_ == std::this_thread::get_id()) return;
  changed_.wait(lock, [&] { return completed ? finished_ : scheduled_; });
}

void CommandBufferCore::call(bool completed, SimCommandBuffer* object) {
  std::vector<MTLCommandBufferHandler> handlers;
  {
    std::lock_guard lock(mutex_);
    std::swap(handlers, completed ? completedHandlers_ : scheduledHandlers_);
  }
  for (const MTLCommandBufferHandler handler : handlers) {
    @autoreleasepool {
      handler(object);
    }
    Block_release(handler);
  }
}

void CommandBufferCore::execute(SimCommandBuffer* object) {
  {
    std::lock_guard lock(mutex_);
    status_ = MTLCommandBufferStatusScheduled;
    runsOn_ = std::this_thread::get_id();
  }
  call(false, object);
  {
    std::lock_guard lock(mutex_);
    scheduled_ = true;
    changed_.notify_all();
  }
  const ExecutionResult result = attempt(object.device, list);
  {
    Strong<NSError*> error(errorOf(result));
    std::lock_guard lock(mutex_);
    start_ = static_cast<double>(result.start) * 1e-9;
    end_ = static_cast<double>(result.end) * 1e-9;
    error_ = error;
    status_ = error ? MTLCommandBufferStatusError : MTLCommandBufferStatusCompleted;
  }
  // What the commands used is free before the handlers are told.
  letGoOfResources();
  call(true, object);
  std::lock_guard lock(mutex_);
  finished_ = true;
  runsOn_ = {};
  changed_.notify_all();
}

NSError* CommandBufferCore::errorOf(const ExecutionResult& result) const {
  if (result.code == MTLCommandBufferErrorNone) return nil;
  NSString* description = string(result.message);
  if (!(options_ & MTLCommandBufferErrorOptionEncoderExecutionStatus)) {
    return metal_sim::error(MTLCommandBufferErrorDomain, static_cast<NSInteger>(result.code), result.message);
  }
  const id keys[] = {NSLocalizedDescriptionKey, MTLCommandBufferEncoderInfoErrorKey};
  const id values[] = {description, encoderInfos(list.encoders)};
  return [NSError errorWithDomain:MTLCommandBufferErrorDomain
                             code:static_cast<NSInteger>(result.code)
                         userInfo:[NSDictionary dictionaryWithObjects:values forKeys:keys count:2]];
}

}  // namespace metal_sim
