// The splits of one head of one row, added in order: grid [heads, m].
#include "running_softmax.h"

KERNEL(attention_combine) {
  const attention_combine_params& p = call.params;
  const uint64_t width = uint64_t{p.headDim} + 2;
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t row = i / p.heads;
    const uint64_t used = uint64_t{call.positions[row]} / p.splitLength + 1;
    if (used > p.splits) {
      return fail(call.raw, "position %u at row %u is outside %u splits of %u", call.positions[row], (unsigned)row,
                  p.splits, p.splitLength);
    }
    float* out = call.out + i * p.headDim;
    running_softmax state = {};
    for (uint64_t split = 0; split < used; split++) {
      add_split(&state, out, call.partials + (i * p.splits + split) * width, p.headDim, split == 0);
    }
    finish_softmax(state, out, p.headDim);
  }
  return 0;
}
