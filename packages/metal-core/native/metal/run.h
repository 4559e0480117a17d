// One submission: encoded piece by piece, its results gathered as the pieces complete.
#ifndef METAL_CORE_METAL_RUN_H
#define METAL_CORE_METAL_RUN_H

#include <atomic>
#include <memory>

#include "encoder.h"
#include "stream.h"
#include "timestamps.h"

namespace metal_core {

// What submissions of a device share.
struct Engine {
  std::shared_ptr<MetalContext> context;
  Stream& stream;
  Builtins& builtins;
  GpuClock& clock;
};

class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(Engine engine, std::shared_ptr<const Graph> graph, SubmitOptions options, std::shared_ptr<Submission> submission,
      OnDone onDone);
  ~Run();

  // On the encoding thread. onDone is called once, on the waiting thread.
  void start(bool stopped);

 private:
  void encodeSteps();
  // Steps that a command buffer begins: one for a large graph, as many as are worth a command buffer for a small one.
  uint32_t stepsAtOnce() const;
  void encodePlain(uint32_t steps);
  void encodeProfiled(uint32_t steps);
  void encodeProfiledApart(uint32_t steps);
  void gate(id<MTLCommandBuffer> commands);
  bool wanted() const;
  Encoding encoding() const { return {*graph_, plan(), *block_, indirect()}; }
  bool indirect() const { return options_.done != nullptr; }
  const MetalPlan& plan() const { return static_cast<const MetalPlan&>(*graph_->finished()); }

  // On the waiting thread.
  void completed(id<MTLCommandBuffer> commands, uint32_t stepsThrough);
  void addTime(int64_t start, int64_t end);
  void finish(bool stopped);

  const Engine engine_;
  const std::shared_ptr<const Graph> graph_;
  const SubmitOptions options_;
  const std::shared_ptr<Submission> submission_;
  const OnDone onDone_;
  std::unique_ptr<RunBlock> block_;
  uint32_t encoded_ = 0;            // steps; of the encoding thread
  std::atomic<bool> ended_{false};  // the done flag was seen, or something failed: encode no more
  Outcome outcome_;                 // of the waiting thread, but for `cancelled` and an error while encoding
};

}  // namespace metal_core
#endif
