// Queueing work on a device with a promise for its end.
#ifndef METAL_CORE_BINDINGS_PENDING_H
#define METAL_CORE_BINDINGS_PENDING_H

#include "values.h"

namespace metal_core {

// Calls start(completions, id), which must queue work that posts to id exactly once. Throws kQueueFull when the device
// has enough in flight. The object that owns the device is the first argument of the binding.
template <class Start>
Napi::Value queued(const Arguments& arguments, const std::shared_ptr<DeviceState>& state, Start start) {
  if (state->inFlight >= state->maxInFlight) {
    throw Error(ErrorCode::kQueueFull, "[device] expected at most " + std::to_string(state->maxInFlight) +
                                           " submissions, reads and writes in flight, got one more; await an earlier "
                                           "one, or raise maxInFlight");
  }
  Environment& environment = *state->environment;
  const auto expected = environment.expect(arguments.env(), arguments.object(0), [state] { state->inFlight--; });
  state->inFlight++;
  try {
    start(environment.completions, expected.id);
  } catch (...) {
    environment.forget(expected.id);
    throw;
  }
  return expected.promise;
}

}  // namespace metal_core
#endif
