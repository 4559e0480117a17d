// advance_step: what happens between two tokens of a sequence: ring[produced % ringSize] = token; produced and position move on; done
// becomes 1 at an end token, else 2 at the limit or the last position. state is done, produced, limit.
// Grid: one threadgroup of one thread.
#include <metal_stdlib>
using namespace metal;

#include "params.h"

[[max_total_threads_per_threadgroup(1)]]
kernel void advance_step(device const uint* token [[buffer(0)]],
                         device uint* position [[buffer(1)]],
                         device uint* state [[buffer(2)]],
                         device const uint* endTokens [[buffer(3)]],
                         device uint* ring [[buffer(4)]],
                         constant advance_step_params& params [[buffer(5)]]) {
  const uint produced = state[1], chosen = token[0];
  const ulong next = ulong(position[0]) + 1u;
  ring[produced % params.ringSize] = chosen;
  state[1] = produced + 1u;
  position[0] = uint(next);
  if (produced + 1u >= state[2] || next >= params.maxPositions) state[0] = 2u;
  for (uint e = 0; e < params.endTokenCount; e++) {
    if (endTokens[e] == chosen) state[0] = 1u;
  }
}
