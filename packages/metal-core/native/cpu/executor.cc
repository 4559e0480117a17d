#include "executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace metal_core {
namespace {

// A chunk is a thread's share of what is left, of a long dispatch half of that: large at first, since a kernel asks for what it reads next
// ahead of time, but only within a chunk; small at the end, so that a thread which is held up leaves little to wait for.
constexpr uint64_t kLongNs = 100'000;
constexpr uint64_t kMostChunksPerThread = 32;  // where work is even, of a dispatch that was never timed

// The least work of a chunk. Threads that share less lose more than they gain: taking a chunk costs some 50 ns, a second thread 200 ns
// and the results that the next stage fetches from its cache.
constexpr uint64_t kChunkNs = 600;

// One step of a graph in so many is timed, which costs it some 50 ns a chunk: work changes as contexts grow, by this factor at most.
constexpr uint64_t kStepsBetweenTimings = 64;
constexpr uint64_t kMostGrowth = 8;

constexpr uint32_t kMessageBytes = 1024;

bool isDone(const SubmitOptions& options) {
  if (!options.done) return false;
  auto* flag = reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(options.done->host()) + options.doneOffset);
  return __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0;
}

}  // namespace

int64_t nowNs() {
  using Clock = std::chrono::steady_clock;
  static const Clock::time_point epoch = Clock::now();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - epoch).count();
}

namespace {

double clockNs() {
  constexpr int kReadings = 200;
  const int64_t start = nowNs();
  for (int i = 1; i < kReadings; i++) nowNs();
  return static_cast<double>(nowNs() - start) / kReadings;
}

}  // namespace

Outcome Executor::execute(const Graph& graph, const SubmitOptions& options, const Submission& submission) {
  Outcome outcome;
  const auto& costs = static_cast<const CpuCosts&>(*graph.finished());
  plan(graph, costs, options.profile);
  if (options.profile) outcome.times.reserve(std::min<size_t>(parts_.size() * 2 * options.steps, 1 << 16));
  longestBusy();  // forgets steps that were timed without being asked for
  pool_.setEager(true);
  outcome.startNs = nowNs();
  while (outcome.steps < options.steps && !outcome.error) {
    outcome.cancelled = submission.cancel.load(std::memory_order_acquire);
    if (outcome.cancelled || isDone(options)) break;
    timed_ = options.profile || costs.steps++ % kStepsBetweenTimings == 0;
    for (const Stage& stage : stages_) {
      if (stopping_()) {
        outcome.error = Error(ErrorCode::kDisposed,
                              "[device.dispose] expected the device to live until the submission ended, got disposed; "
                              "await `completed` first");
        break;
      }
      if (options.profile) outcome.times.push_back(nowNs());
      outcome.error = runStage(stage);
      if (outcome.error) break;
      if (options.profile) {
        outcome.times.push_back(nowNs());
        outcome.busy.push_back(longestBusy());
      }
    }
    if (outcome.error) break;
    outcome.steps++;
    if (timed_) learnCosts();
  }
  outcome.endNs = nowNs();
  if (options.profile) outcome.clockNs = clockNs();
  outcome.processor = currentProcessor();
  pool_.setEager(false);
  return outcome;
}

void Executor::plan(const Graph& graph, const CpuCosts& costs, bool separately) {
  parts_.clear();
  stages_.clear();
  for (size_t i = 0; i < graph.dispatches().size(); i++) {
    const Dispatch& dispatch = graph.dispatches()[i];
    const auto* prepared = static_cast<const CpuPrepared*>(dispatch.prepared.get());
    parts_.push_back({&dispatch, prepared, &costs.ns[i], 0, 0, 0});
    if (i == 0 || separately || graph.stages()[i] != graph.stages()[i - 1]) stages_.push_back({i, i, 0});
    stages_.back().end = i + 1;
  }
  cut();
}

void Executor::cut() {
  edges_.clear();
  for (Stage& stage : stages_) {
    stage.chunks = 0;
    for (size_t i = stage.begin; i < stage.end; i++) {
      cutPart(parts_[i]);
      stage.chunks += parts_[i].chunks;
    }
  }
}

void Executor::cutPart(Part& part) {
  const uint64_t threads = pool_.threads(), groups = part.prepared->threadgroups, cost = *part.costNs;
  part.edges = edges_.size();
  edges_.push_back(0);
  // How many threadgroups are worth a chunk.
  uint64_t least = std::max<uint64_t>(1, groups / (threads * kMostChunksPerThread));
  if (threads == 1 || (cost != 0 && cost <= kChunkNs)) {
    least = groups;
  } else if (cost != 0) {  // less than groups, however many they are
    least = std::max(least, static_cast<uint64_t>(static_cast<double>(groups) * kChunkNs / static_cast<double>(cost)));
  }
  const uint64_t shares = threads * (cost > kLongNs ? 2 : 1);
  for (uint64_t at = 0; at < groups;) {
    const uint64_t left = groups - at, share = std::min(left, std::max(least, left / shares));
    at += left - share < least ? left : share;  // no chunk at the end that is not worth it
    edges_.push_back(at);
  }
  part.chunks = edges_.size() - 1 - part.edges;
}

void Executor::learnCosts() {
  for (Part& part : parts_) {
    // A thread that was held up while it was timed says nothing of its work.
    const uint64_t before = *part.costNs, now = std::max<uint64_t>(1, part.busyNs);
    *part.costNs = before == 0 ? now : std::min(now, kMostGrowth * before);
    part.busyNs = 0;
  }
  cut();
}

int64_t Executor::longestBusy() {
  int64_t longest = 0;
  for (Busy& thread : busy_) {
    longest = std::max(longest, thread.ns);
    thread.ns = 0;
  }
  return longest;
}

std::optional<Error> Executor::runStage(const Stage& stage) {
  Work work;
  work.executor = this;
  work.parts = &parts_[stage.begin];
  pool_.run(stage.chunks, runChunk, &work);
  return std::move(work.error);
}

void Executor::runChunk(void* context, uint64_t chunk, uint32_t thread) {
  Work& work = *static_cast<Work*>(context);
  if (work.failed.load(std::memory_order_relaxed)) return;
  const Part* part = work.parts;
  for (; chunk >= part->chunks; part++) chunk -= part->chunks;
  std::optional<Error> error;
  try {
    work.executor->runPart(*part, chunk, thread);
    return;
  } catch (Error& e) {
    error = std::move(e);
  } catch (const std::bad_alloc&) {
    error = Error(ErrorCode::kOutOfMemory,
                  "[" + part->dispatch->kernel->name + "] expected " + std::to_string(part->prepared->scratchBytes) +
                      " bytes of scratch for each thread, got none from the system; use a smaller problem");
  } catch (...) {
    error = Error(ErrorCode::kKernel, "[" + part->dispatch->kernel->name + "] the kernel threw a C++ exception",
                  part->dispatch->kernel->name, part->dispatch->label);
  }
  const std::lock_guard<std::mutex> lock(work.mutex);
  if (!work.error) work.error = std::move(error);  // the first failure is the one that is told
  work.failed.store(true, std::memory_order_relaxed);
}

void Executor::runPart(const Part& part, uint64_t chunk, uint32_t thread) {
  const CpuPrepared& prepared = *part.prepared;
  AlignedBytes& scratch = scratch_[thread];
  if (scratch.size() < prepared.scratchBytes) {
    scratch = AlignedBytes();  // both at once could be too much
    scratch = AlignedBytes(prepared.scratchBytes);
  }
  char message[kMessageBytes];
  message[0] = 0;
  cpu_kernel_call call = prepared.call;
  call.scratch = prepared.scratchBytes == 0 ? nullptr : scratch.data();
  call.scratch_size = prepared.scratchBytes;
  call.message = message;
  call.message_size = kMessageBytes;
  const uint64_t begin = edges_[part.edges + chunk], end = edges_[part.edges + chunk + 1];
  const int64_t startNs = timed_ ? nowNs() : 0;
  const int status = prepared.run(&call, begin, end);
  if (timed_) {
    const int64_t ns = nowNs() - startNs;
    busy_[thread].ns += ns;
    __atomic_fetch_add(&part.busyNs, static_cast<uint64_t>(ns), __ATOMIC_RELAXED);
  }
  if (status == 0) return;
  message[kMessageBytes - 1] = 0;
  throw Error(ErrorCode::kKernel,
              "[" + part.dispatch->kernel->name + "] " + (message[0] ? message : "the kernel failed without a message"),
              part.dispatch->kernel->name, part.dispatch->label);
}

}  // namespace metal_core
