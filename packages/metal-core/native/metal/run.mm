#include "run.h"

#include <algorithm>
#include <cmath>

#include "encoders.h"
#include "memory.h"

namespace metal_core {
namespace {

// Dispatches of one command buffer, about: at 5 us each that is some ms, far longer than committing it takes, and short
// enough for a submission that is cancelled.
constexpr size_t kDispatches = 512;

int64_t toNs(double seconds) { return std::llround(seconds * 1e9); }

Error disposed() {
  return Error(ErrorCode::kDisposed, "[device.dispose] expected the device to live until the submission ended, got "
                                     "disposed; await `completed` first");
}

}  // namespace

Run::Run(Engine engine, std::shared_ptr<const Graph> graph, SubmitOptions options,
         std::shared_ptr<Submission> submission, OnDone onDone)
    : engine_(std::move(engine)), graph_(std::move(graph)), options_(std::move(options)),
      submission_(std::move(submission)), onDone_(std::move(onDone)) {}

Run::~Run() {
  if (block_) plan().give(std::move(block_));
}

void Run::start(bool stopped) {
  std::optional<Error> error;
  bool cancelled = false;
  if (!stopped) {
    try {
      awaitPipelines(*graph_);
      block_ = plan().take();
      encodeSteps();
      cancelled = encoded_ < options_.steps && submission_->cancel.load(std::memory_order_acquire);
    } catch (const Error& thrown) {
      error = thrown;
    } catch (const std::bad_alloc&) {
      error = Error(ErrorCode::kOutOfMemory, "[graph.submit] expected memory for the work, got none; dispose buffers");
    }
  }
  engine_.stream.after([self = shared_from_this(), error = std::move(error), cancelled](bool stopped) {
    if (error && !self->outcome_.error) self->outcome_.error = error;
    self->outcome_.cancelled = cancelled;
    self->finish(stopped);
  });
}

bool Run::wanted() const {
  return encoded_ < options_.steps && !ended_.load(std::memory_order_acquire) && !engine_.stream.stopping() &&
         !submission_->cancel.load(std::memory_order_acquire);
}

uint32_t Run::stepsAtOnce() const {
  const size_t most = options_.profile ? std::min(kDispatches, Timestamps::kMostEncoders) : kDispatches;
  const size_t steps = std::max<size_t>(1, most / graph_->dispatches().size());
  return static_cast<uint32_t>(std::min<size_t>(steps, options_.steps - encoded_));
}

void Run::encodeSteps() {
  while (wanted()) {
    const AutoreleasePool pool;
    const uint32_t steps = stepsAtOnce();
    if (options_.profile) {
      encodeProfiled(steps);
    } else {
      encodePlain(steps);
    }
  }
}

void Run::gate(id<MTLCommandBuffer> commands) {
  const auto& done = static_cast<const MetalBuffer&>(*options_.done);
  engine_.builtins.gate(commands, {done.memory(), done.start() + options_.doneOffset, plan().sizes(), block_->memory(),
                                   plan().liveOffset(), plan().sizeWords()});
}

void Run::encodePlain(uint32_t steps) {
  const auto commands = engine_.stream.commands("graph");
  id<MTLComputeCommandEncoder> encoder = nil;
  for (uint32_t i = 0; i < steps; i++) {
    if (indirect()) {
      [encoder endEncoding];
      encoder = nil;
      gate(commands.get());
    }
    const bool first = encoder == nil;
    if (first) encoder = opened([commands.get() computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent]);
    encodeStep(encoder, encoding(), first);
  }
  [encoder endEncoding];
  encoded_ += steps;
  engine_.stream.commit(commands, [self = shared_from_this(), through = encoded_](id<MTLCommandBuffer> done) {
    self->completed(done, through);
  });
}

void Run::encodeProfiled(uint32_t steps) {
  const size_t count = graph_->dispatches().size();
  const auto stamps = count > Timestamps::kMostEncoders ? nullptr
                                                        : Timestamps::make(engine_.context->device(), steps * count);
  if (!stamps) return encodeProfiledApart(steps);
  const auto commands = engine_.stream.commands("graph, profiled");
  for (uint32_t i = 0; i < steps; i++) {
    if (indirect()) gate(commands.get());
    for (size_t k = 0; k < count; k++) {
      id<MTLComputeCommandEncoder> encoder = opened(stamps->encoder(commands.get(), i * count + k));
      encodeDispatch(encoder, encoding(), k);
      [encoder endEncoding];
    }
  }
  encoded_ += steps;
  engine_.stream.commit(commands, [self = shared_from_this(), stamps, through = encoded_](id<MTLCommandBuffer> done) {
    self->completed(done, through);
    const std::vector<uint64_t> ticks = stamps->ticks();
    self->engine_.clock.calibrate(self->engine_.context->device());
    for (size_t i = 0; i + 1 < ticks.size(); i += 2) {
      self->addTime(self->engine_.clock.toNs(ticks[i]), self->engine_.clock.toNs(ticks[i + 1]));
    }
  });
}

// A GPU that cannot time encoders times command buffers: one for each dispatch.
void Run::encodeProfiledApart(uint32_t steps) {
  for (uint32_t i = 0; i < steps && wanted(); i++) {
    for (size_t k = 0; k < graph_->dispatches().size(); k++) {
      if (k == 0 && indirect()) {
        const auto commands = engine_.stream.commands("done?");
        gate(commands.get());
        engine_.stream.commit(commands, [self = shared_from_this(), before = encoded_](id<MTLCommandBuffer> done) {
          self->completed(done, before);
        });
      }
      const auto commands = engine_.stream.commands("dispatch, profiled");
      id<MTLComputeCommandEncoder> encoder =
          opened([commands.get() computeCommandEncoderWithDispatchType:MTLDispatchTypeSerial]);
      encodeDispatch(encoder, encoding(), k);
      [encoder endEncoding];
      engine_.stream.commit(commands, [self = shared_from_this(), through = encoded_ + 1](id<MTLCommandBuffer> done) {
        self->completed(done, through);
        self->addTime(toNs([done GPUStartTime]), toNs([done GPUEndTime]));
      });
    }
    encoded_++;
  }
}

void Run::completed(id<MTLCommandBuffer> commands, uint32_t stepsThrough) {
  if ([commands status] == MTLCommandBufferStatusError) {
    if (!outcome_.error) outcome_.error = failureOf(commands, "graph.submit");
    ended_.store(true, std::memory_order_release);
    return;
  }
  const int64_t start = toNs([commands GPUStartTime]);
  if (outcome_.startNs == 0) outcome_.startNs = start;
  outcome_.endNs = toNs([commands GPUEndTime]);
  outcome_.steps = indirect() ? std::min(block_->word(0), options_.steps) : stepsThrough;
  // Later pieces may run already, and count more: fewer than this piece began means that the flag was set within it.
  const bool done = indirect() && outcome_.steps < stepsThrough;
  if (done || failureIn(*graph_, plan(), *block_)) ended_.store(true, std::memory_order_release);
}

void Run::addTime(int64_t start, int64_t end) {
  // The two clocks agree to within a sample's error only; a profile must lie inside its submission.
  outcome_.times.push_back(std::clamp(start, outcome_.startNs, std::max(outcome_.startNs, outcome_.endNs)));
  outcome_.times.push_back(std::clamp(end, outcome_.times.back(), std::max(outcome_.times.back(), outcome_.endNs)));
}

void Run::finish(bool stopped) {
  if (stopped || engine_.stream.stopping()) {
    outcome_.error = disposed();
  } else if (!outcome_.error && block_) {
    outcome_.error = failureIn(*graph_, plan(), *block_);
  }
  if (!outcome_.error) outcome_.error = engine_.stream.takeFailure();
  // Dispatches of steps that the flag made no-ops were timed, too.
  const size_t wanted = 2 * size_t{outcome_.steps} * graph_->dispatches().size();
  if (outcome_.times.size() > wanted) outcome_.times.resize(wanted);
  onDone_(std::move(outcome_));
}

}  // namespace metal_core
