// Publishes a token, moves the position on and notices the end. One threadgroup.
#include "kernel.h"

KERNEL(advance_step) {
  enum { done, produced, limit };
  uint32_t* state = call.state;
  for (uint64_t i = begin; i < end; i++) {
    const uint32_t token = *call.token;
    const uint64_t position = uint64_t{*call.position} + 1;
    call.ring[state[produced] % call.params.ringSize] = token;
    state[produced] += 1;
    *call.position = static_cast<uint32_t>(position);
    if (state[produced] >= state[limit] || position >= call.params.maxPositions) state[done] = 2;
    for (uint32_t e = 0; e < call.params.endTokenCount; e++) {
      if (call.endTokens[e] == token) state[done] = 1;
    }
  }
  return 0;
}
