// Runs the dispatches of a graph on the pool, stage by stage.
#ifndef METAL_CORE_CPU_EXECUTOR_H
#define METAL_CORE_CPU_EXECUTOR_H

#include <functional>
#include <vector>

#include "../aligned_bytes.h"
#include "../graph.h"
#include "library.h"
#include "pool.h"

namespace metal_core {

// Nanoseconds of a monotonic clock since the process first asked.
int64_t nowNs();

// What the executor has learnt of a graph. It alone reads and writes this, on its thread.
class CpuCosts final : public Prepared {
 public:
  explicit CpuCosts(size_t dispatches) : ns(dispatches, 0) {}
  mutable std::vector<uint64_t> ns;  // of each dispatch: what its threads took together when it was last timed; 0: never
  mutable uint64_t steps = 0;        // run so far
};

class Executor {
 public:
  // `stopping` is looked at between stages.
  Executor(Pool& pool, std::function<bool()> stopping)
      : pool_(pool), stopping_(std::move(stopping)), scratch_(pool.threads()), busy_(pool.threads()) {}

  // `graph.finished()` is a CpuCosts.
  Outcome execute(const Graph& graph, const SubmitOptions& options, const Submission& submission);

 private:
  // A dispatch cut into chunks of consecutive threadgroups.
  struct Part {
    const Dispatch* dispatch;
    const CpuPrepared* prepared;
    uint64_t* costNs;
    size_t edges;             // chunk i has the threadgroups from edges_[edges + i] to the next edge
    uint64_t chunks;
    mutable uint64_t busyNs;  // of all its threads, atomic; counted in steps that are timed
  };
  // Consecutive parts between which there is no hazard.
  struct Stage {
    size_t begin, end;
    uint64_t chunks;
  };
  // What the threads of a stage share.
  struct Work {
    Executor* executor;
    const Part* parts;
    std::atomic<bool> failed{false};
    std::mutex mutex;
    std::optional<Error> error;
  };

  void plan(const Graph& graph, const CpuCosts& costs, bool separately);
  void cut();
  void cutPart(Part& part);
  void learnCosts();
  int64_t longestBusy();  // of any thread since it was last asked
  std::optional<Error> runStage(const Stage& stage);
  static void runChunk(void* context, uint64_t chunk, uint32_t thread);
  void runPart(const Part& part, uint64_t chunk, uint32_t thread);

  Pool& pool_;
  std::function<bool()> stopping_;
  std::vector<AlignedBytes> scratch_;  // one for each thread, grown as needed
  std::vector<Part> parts_;
  std::vector<Stage> stages_;
  std::vector<uint64_t> edges_;
  // What a thread spends in kernels during a step that is timed.
  struct alignas(64) Busy {
    int64_t ns = 0;
  };
  std::vector<Busy> busy_;  // one for each thread
  bool timed_ = false;      // the step under way
};

}  // namespace metal_core
#endif
