// Runs the commands of a command buffer: dispatches in batches on the runner, everything else here.
#ifndef METAL_SIM_OBJC_EXECUTION_H
#define METAL_SIM_OBJC_EXECUTION_H

#include <map>
#include <optional>
#include <string>

#include "commands.h"

namespace metal_sim {

struct ExecutionResult {
  MTLCommandBufferError code = MTLCommandBufferErrorNone;
  std::string message;
  uint64_t start = 0, end = 0;  // nanoseconds
};

class Execution {
 public:
  explicit Execution(CommandList& list) : list_(list) {}
  ExecutionResult run();

 private:
  void operator()(const Begin& begin);
  void operator()(const Dispatch& dispatch);
  void operator()(const Barrier&);
  void operator()(const Copy& copy);
  void operator()(const Fill& fill);
  void operator()(const Resolve& resolve);
  void operator()(const Signal& signal);
  void operator()(const Wait& wait);

  bool ordersAfterEarlierEncoders(const EncoderRecord& encoder, size_t at) const;
  void flush();
  void sample(const BatchResult& result);
  void settle(const BatchResult& result);
  void fail(MTLCommandBufferError code, std::string message);

  CommandList& list_;
  size_t at_ = 0;  // of the command that runs
  ExecutionResult result_;

  Batch batch_;
  std::shared_ptr<Runner> runner_;
  std::vector<size_t> encoderOf_;  // of each dispatch in the batch
  std::optional<size_t> encoder_;
  size_t firstOfBatch_ = 0;                // encoder
  std::map<const Memory*, bool> touched_;  // since the last barrier, and whether written
};

}  // namespace metal_sim
#endif
