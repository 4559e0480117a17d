// A recorded list of dispatches: checked when recorded, cut into stages, frozen by the first submission.
#ifndef METAL_CORE_GRAPH_H
#define METAL_CORE_GRAPH_H

#include <memory>
#include <string>
#include <vector>

#include "aligned_bytes.h"
#include "device.h"
#include "hazards.h"

namespace metal_core {

struct Binding {
  std::shared_ptr<Buffer> buffer;  // null: by value, or an optional argument that is not bound
  uint64_t offset = 0, size = 0;   // bytes
  AlignedBytes value;
};

struct Dispatch {
  std::shared_ptr<const Kernel> kernel;
  Size3 grid{1, 1, 1}, threadgroup{1, 1, 1};
  std::vector<Binding> bindings;  // one for each argument of the kernel
  std::string label;
  std::unique_ptr<Prepared> prepared;
};

class Graph {
 public:
  explicit Graph(uint32_t maxThreadsPerThreadgroup) : maxThreads_(maxThreadsPerThreadgroup) {}

  // Checks the dispatch against its kernel's arguments, lets the kernel check it, and appends it.
  // Throws Error: kArgument, or kKernel when the kernel refuses.
  void record(Dispatch dispatch);
  // No dispatch can be added afterwards. The first call keeps what the device makes of the whole graph.
  void freeze(Device& device);
  // What Device::finish made; null before freeze, and for a device that makes nothing.
  const Prepared* finished() const { return finished_.get(); }

  const std::vector<Dispatch>& dispatches() const { return dispatches_; }
  // The stage of each dispatch; never falls.
  const std::vector<uint32_t>& stages() const { return stages_; }

 private:
  uint32_t maxThreads_;
  bool frozen_ = false;
  std::vector<Dispatch> dispatches_;
  std::vector<uint32_t> stages_;
  StageBuilder builder_;
  std::unique_ptr<Prepared> finished_;
};

// Checks the done flag of a submission: four aligned bytes inside a writable buffer, which the host sees when it is the
// host that looks at the flag. Throws Error (kArgument).
void checkDone(const SubmitOptions& options, bool hostLooks);

}  // namespace metal_core
#endif
