// count_token: counts the token that a step reads: history[position] = token; seen[token] goes up, and that of the token which leaves the
// window goes down; made[token] goes up from position generatedFrom on. settings: three words of penalize_logits, window, generatedFrom.
// Grid: one threadgroup of one thread. A token outside the vocabulary, or a position outside the history, fails.
#include <metal_stdlib>
using namespace metal;

#include "params.h"
#include "status.h"

[[max_total_threads_per_threadgroup(1)]]
kernel void count_token(device const uint* token [[buffer(0)]],
                        device const uint* position [[buffer(1)]],
                        device const uint* settings [[buffer(2)]],
                        device uint* history [[buffer(3)]],
                        device uint* seen [[buffer(4)]],
                        device uint* made [[buffer(5)]],
                        constant count_token_params& params [[buffer(6)]],
                        device atomic_uint* status [[buffer(7)]]) {
  const uint read = token[0], place = position[0], window = settings[3];
  if (read >= params.n) {
    fp4::fail(status, 1u, read, 0u);
    return;
  }
  if (place >= params.maxPositions) {
    fp4::fail(status, 2u, place, 0u);
    return;
  }
  history[place] = read;
  seen[read] += 1u;
  if (window > 0u && place >= window) {
    const uint left = history[place - window];
    if (left < params.n) seen[left] -= 1u;
  }
  if (place >= settings[4]) made[read] += 1u;
}
