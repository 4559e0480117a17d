#include "execution.h"

#include <algorithm>
#include <cstring>

#include "configuration.h"

namespace metal_sim {

ExecutionResult Execution::run() {
  result_.start = now();
  for (; at_ < list_.commands.size() && result_.code == MTLCommandBufferErrorNone; ++at_) {
    std::visit([this](const auto& command) { (*this)(command); }, list_.commands[at_]);
  }
  if (result_.code == MTLCommandBufferErrorNone) flush();
  result_.end = std::max(result_.end, now());
  return result_;
}

void Execution::operator()(const Begin& begin) {
  EncoderRecord& encoder = list_.encoders[begin.encoder];
  encoder_ = begin.encoder;
  if (batch_.dispatches == 0) {
    firstOfBatch_ = begin.encoder;
  } else if (ordersAfterEarlierEncoders(encoder, at_ + 1)) {
    (*this)(Barrier());
  }
}

// Encoders of a command buffer are ordered by the resources that Metal tracks and by fences, by nothing else.
bool Execution::ordersAfterEarlierEncoders(const EncoderRecord& encoder, size_t at) const {
  if (encoder.waitsForFence) return true;
  for (; at < list_.commands.size(); ++at) {
    if (std::holds_alternative<Begin>(list_.commands[at])) break;
    const auto* dispatch = std::get_if<Dispatch>(&list_.commands[at]);
    if (!dispatch) continue;
    for (const Use& use : dispatch->uses) {
      const auto earlier = touched_.find(use.memory.get());
      if (use.memory->tracked && earlier != touched_.end() && (use.written || earlier->second)) return true;
    }
  }
  return false;
}

void Execution::operator()(const Dispatch& dispatch) {
  const LoadedLibrary& library = dispatch.pipeline->library;
  if (runner_ && runner_ != library.runner) flush();  // of another mode: a test has configured anew
  if (result_.code != MTLCommandBufferErrorNone) return;
  runner_ = library.runner;
  batch_.requests += dispatch.request;
  batch_.libraries.insert(library.info);
  for (const Use& use : dispatch.uses) {
    batch_.memories[use.memory] |= use.written;
    touched_[use.memory.get()] |= use.written;
  }
  encoderOf_.push_back(*encoder_);
  ++batch_.dispatches;
}

void Execution::operator()(const Barrier&) {
  if (batch_.dispatches == 0) return;
  batch_.requests += "barrier\n";
  touched_.clear();
}

void Execution::operator()(const Copy& copy) {
  flush();
  if (result_.code != MTLCommandBufferErrorNone) return;
  std::memmove(copy.to->host + copy.toOffset, copy.from->host + copy.fromOffset, copy.bytes);
}

void Execution::operator()(const Fill& fill) {
  flush();
  if (result_.code != MTLCommandBufferErrorNone) return;
  std::memset(fill.memory->host + fill.offset, fill.value, fill.bytes);
}

void Execution::operator()(const Resolve& resolve) {
  flush();
  if (result_.code != MTLCommandBufferErrorNone) return;
  const std::vector<uint64_t> values = resolve.samples->range(resolve.first, resolve.count);
  std::memcpy(resolve.to->host + resolve.offset, values.data(), values.size() * sizeof(uint64_t));
}

void Execution::operator()(const Signal& signal) {
  flush();
  if (result_.code == MTLCommandBufferErrorNone) signal.event->set(signal.value);
}

void Execution::operator()(const Wait& wait) {
  flush();
  if (result_.code != MTLCommandBufferErrorNone) return;
  const double longest = configuration().eventTimeoutSeconds;
  if (!wait.event->wait(wait.value, std::chrono::duration<double>(longest))) {
    fail(MTLCommandBufferErrorTimeout, "Caused GPU Timeout Error: an event did not reach " +
                                           std::to_string(wait.value) + " within " + std::to_string(longest) + " s");
  }
}

void Execution::flush() {
  BatchResult result;
  if (batch_.dispatches > 0) result = runner_->run(batch_);
  sample(result);
  settle(result);
  if (encoder_) firstOfBatch_ = *encoder_;
  batch_ = {};
  runner_.reset();
  encoderOf_.clear();
  touched_.clear();
}

// Times of the encoders of a batch: of their dispatches, or this moment.
void Execution::sample(const BatchResult& result) {
  if (!encoder_) return;
  const auto nanoseconds = [](double seconds) { return static_cast<uint64_t>(seconds * 1e9); };
  for (size_t encoder = firstOfBatch_; encoder <= *encoder_; ++encoder) {
    uint64_t start = now(), end = start;
    const auto first = std::ranges::find(encoderOf_, encoder);
    if (first != encoderOf_.end()) {
      start = nanoseconds(result.times[static_cast<size_t>(first - encoderOf_.begin())].start);
      for (size_t i = 0; i < encoderOf_.size(); ++i) {
        if (encoderOf_[i] == encoder) end = nanoseconds(result.times[i].end);
      }
    }
    for (const auto& target : list_.encoders[encoder].samples) {
      if (target.start != MTLCounterDontSample) target.samples->set(target.start, start);
      if (target.end != MTLCounterDontSample) target.samples->set(target.end, end);
    }
  }
}

// What became of the batch and its encoders.
void Execution::settle(const BatchResult& result) {
  if (!encoder_) return;
  const bool good = result.outcome == BatchResult::kDone && result.reports.empty();
  for (size_t encoder = firstOfBatch_; encoder <= *encoder_; ++encoder) {
    list_.encoders[encoder].state = good ? MTLCommandEncoderErrorStateCompleted : MTLCommandEncoderErrorStateAffected;
  }
  if (result.outcome == BatchResult::kRefused) {
    // The host asked for what cannot be: API validation would have said so before.
    reject("-[MTLComputeCommandEncoder dispatch…]", result.message);
    fail(MTLCommandBufferErrorInvalidResource, "the commands were refused: " + result.message);
  } else if (result.outcome == BatchResult::kDied) {
    fail(MTLCommandBufferErrorPageFault, "Caused GPU Address Fault Error: " + result.message);
  } else if (!good) {
    std::string message = "the kernels misbehaved:";
    for (const auto& report : result.reports) {
      message += "\n" + report.text;
      if (report.dispatch < encoderOf_.size()) {
        list_.encoders[encoderOf_[report.dispatch]].state = MTLCommandEncoderErrorStateFaulted;
      }
    }
    fail(MTLCommandBufferErrorInternal, message);
  }
}

void Execution::fail(MTLCommandBufferError code, std::string message) {
  result_.code = code;
  result_.message = std::move(message);
}

}  // namespace metal_sim
