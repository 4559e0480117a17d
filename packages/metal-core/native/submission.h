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

// Handed out by submit; `cancel` is looked at between steps.
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
};

// The done flag. A device whose host runs the steps one by one looks at it before each (`looksAtDone`). One that is
// handed all steps at once makes the remaining ones no-ops by itself, without coming back to the host:
// - Metal: before each step a kernel of the backend, of one thread, adds 1 to a counter of steps when the flag is clear,
//   and otherwise zeroes the indirect dispatch sizes of the step (Device::finish made the step dispatch indirectly).
// - CUDA: the step is the body of a conditional node, whose condition a kernel of one thread sets from the flag.
// Either way `steps` counts the steps begun with the flag clear, and the flag need not be visible to the host.
//
// Failures of GPU kernels. A kernel on a GPU returns nothing, so the device owns a status buffer, {code, index of the
// dispatch, two words of detail}, and binds it to each kernel implicitly after the last declared argument. The first
// failure wins (compare and swap of `code` from 0) and later dispatches may look at it to do nothing. After the
// submission the backend reads it, turns a code that is not 0 into Error (kKernel) with the kernel and label of that
// dispatch and the message that the library gives for (code, detail), and clears it for the next submission. Kernels
// clamp indices besides: a failure is told after the fact, and no access may leave a binding until then.

}  // namespace metal_core
#endif
