// Counts the token that a step reads, and forgets the one that leaves the window. One threadgroup.
#include "kernel.h"

KERNEL(count_token) {
  const uint32_t n = call.params.n, window = call.settings[3], generatedFrom = call.settings[4];
  for (uint64_t i = begin; i < end; i++) {
    const uint32_t token = *call.token, position = *call.position;
    if (token >= n) return fail(call.raw, "token %u is outside the vocabulary", (unsigned)token);
    if (position >= call.params.maxPositions) return fail(call.raw, "position %u is outside the history", (unsigned)position);
    call.history[position] = token;
    call.seen[token] += 1;
    if (window > 0 && position >= window) {
      const uint32_t left = call.history[position - window];
      if (left < n) call.seen[left] -= 1;
    }
    if (position >= generatedFrom) call.made[token] += 1;
  }
  return 0;
}
