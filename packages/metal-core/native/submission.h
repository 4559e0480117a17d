// What is asked of a submission and what it comes to; how devices look at the done flag and tell failures of kernels.
#ifndef METAL_CORE_SUBMISSION_H
#define METAL_CORE_SUBMISSION_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "error.h"

namespace metal_core {

class Buffer;

// Handed out by submit; `cancel` is looked at between steps, or between what a device hands over at once.
struct Submission {
  std::atomic<bool> cancel{false};
};

struct SubmitOptions {
  uint32_t steps = 1;
  std::shared_ptr<Buffer> done;  // a uint32 at doneOffset, non-zero: the remaining steps are no-ops; see checkDone
  uint64_t doneOffset = 0;
  bool profile = false;
};

// Times are nanoseconds of a monotonic clock.
struct Outcome {
  std::optional<Error> error;
  int64_t startNs = 0, endNs = 0;
  uint32_t steps = 0;             // begun with the done flag clear
  bool cancelled = false;
  std::vector<int64_t> times;     // profile: start and end of each dispatch, in the order run
  std::vector<int64_t> busy;      // profile: what the thread with the most to do spent in its kernel; empty where unknown
  int processor = -1;             // of the thread that ran it, which may have more to run; -1: unknown
  double clockNs = 0;             // profile: what reading the clock takes, which is done three times or more for each dispatch
};

// The done flag. A device whose host runs the steps one by one looks at it before each (`looksAtDone`). One that is
// handed all steps at once makes the remaining ones no-ops by itself, without coming back to the host:
// - Metal: before each step a kernel of the backend adds 1 to a counter of steps and copies the sizes of the step's
//   dispatches, which are indirect, when the flag is clear; otherwise it zeroes them.
// - CUDA: the step is the body of a conditional node, whose condition a kernel of one thread sets from the flag.
// Either way `steps` counts the steps begun with the flag clear, and the flag need not be visible to the host.
//
// Failures of GPU kernels. A kernel on a GPU returns nothing, so each submission has four words for each dispatch of its
// graph that can fail, {code, two words of detail, unused}, zero before it, and the device binds the dispatch's own to each
// kernel whose description has failures, after its last argument. A kernel sets its code by compare and swap from 0: its first
// failure wins. After the submission the backend reads the codes, turns the first that is not 0, in the order of the graph,
// into Error (kKernel) with kernel, label and the message that belongs to the code. Kernels clamp indices
// besides: a failure is told after the fact, and no access may leave a binding until then.

}  // namespace metal_core
#endif
