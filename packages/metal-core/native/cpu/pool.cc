#include "pool.h"

namespace metal_core {
namespace {

constexpr uint64_t kOpen = uint64_t{1} << 16;
constexpr uint64_t kEntered = kOpen - 1;
constexpr int kGenerationShift = 17;

bool isOpen(uint64_t gate, uint64_t last) { return (gate & kOpen) != 0 && gate >> kGenerationShift != last; }

}  // namespace

Pool::Pool(uint32_t threads) : threads_(threads < 1 ? 1 : threads), placement_(threads_) {
  workers_.reserve(threads_ - 1);
  try {
    for (uint32_t i = 1; i < threads_; i++) workers_.emplace_back([this, i] { work(i); });
  } catch (...) {
    shutDown();
    throw;
  }
}

Pool::~Pool() { shutDown(); }

void Pool::shutDown() {
  stopping_.store(true, std::memory_order_seq_cst);
  wake_.notify();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void Pool::run(uint64_t chunks, Body body, void* context) {
  if (chunks <= 1 || threads_ == 1) {  // not worth waking anybody
    for (uint64_t i = 0; i < chunks; i++) body(context, i, 0);
    return;
  }
  placement_.note(0);
  job_ = {body, context, chunks};
  next_.store(0, std::memory_order_relaxed);
  left_.store(0, std::memory_order_relaxed);
  const uint64_t generation = (gate_.load(std::memory_order_relaxed) >> kGenerationShift) + 1;
  gate_.store(generation << kGenerationShift | kOpen, std::memory_order_seq_cst);
  wake_.notify();
  take(0);
  // Close the gate: a worker that still sleeps is not waited for.
  const uint64_t entered = gate_.fetch_and(~kOpen, std::memory_order_seq_cst) & kEntered;
  done_.wait([this, entered] { return left_.load(std::memory_order_seq_cst) == entered; }, [] { return false; }, [] {});
}

void Pool::take(uint32_t thread) {
  const Job job = job_;
  for (;;) {
    const uint64_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= job.chunks) return;
    job.body(job.context, chunk, thread);
  }
}

void Pool::work(uint32_t thread) {
  uint64_t last = 0;
  for (;;) {
    wake_.wait(
        [this, last] {
          return stopping_.load(std::memory_order_seq_cst) || isOpen(gate_.load(std::memory_order_seq_cst), last);
        },
        [this] { return eager_.load(std::memory_order_relaxed); }, [this, thread] { placement_.spread(thread); });
    uint64_t gate = gate_.load(std::memory_order_seq_cst);
    while (isOpen(gate, last)) {
      if (!gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_seq_cst)) continue;
      last = gate >> kGenerationShift;
      placement_.spread(thread);
      take(thread);
      left_.fetch_add(1, std::memory_order_seq_cst);
      done_.notify();
      break;
    }
    if (stopping_.load(std::memory_order_seq_cst)) return;
  }
}

}  // namespace metal_core
