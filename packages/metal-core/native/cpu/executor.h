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

class Executor {
 public:
  // `stopping` is looked at between stages.
  Executor(Pool& pool, std::function<bool()> stopping) : pool_(pool), stopping_(std::move(stopping)), scratch_(pool.threads()) {}

  Outcome execute(const Graph& graph, const SubmitOptions& options, const Submission& submission);

 private:
  // A dispatch cut into chunks of consecutive threadgroups.
  struct Part {
    const Dispatch* dispatch;
    const CpuPrepared* prepared;
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

  void plan(const Graph& graph, bool separately);
  void cut();
  void cutPart(Part& part);
  void learnCosts();
  std::optional<Error> runStage(const Stage& stage);
  static void runChunk(void* context, uint64_t chunk, uint32_t thread);
  void runPart(const Part& part, uint64_t chunk, uint32_t thread);

  Pool& pool_;
  std::function<bool()> stopping_;
  std::vector<AlignedBytes> scratch_;  // one for each thread, grown as needed
  std::vector<Part> parts_;
  std::vector<Stage> stages_;
  std::vector<uint64_t> edges_;
  uint64_t steps_ = 0;   // of all graphs
  bool timed_ = false;   // the step under way
};

}  // namespace metal_core
#endif
