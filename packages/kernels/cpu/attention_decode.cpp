// One split of positions of one row for the query heads of one kv head: grid [splits, kvHeads, m].
#include "attention_split.h"

KERNEL_SCRATCH(attention_decode, score_floats(call.params) * sizeof(float))

KERNEL_WITH_SCRATCH(attention_decode) {
  const attention_decode_params& p = call.params;
  const uint64_t group = p.heads / p.kvHeads, width = uint64_t{p.headDim} + 2, length = p.splitLength;
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t split = i % p.splits, kvHead = i / p.splits % p.kvHeads, row = i / p.splits / p.kvHeads;
    const uint64_t position = call.positions[row];
    if (check_position(call, row, position)) return 1;
    if (position / length >= p.splits) {
      return fail(call.raw, "position %u at row %u is outside %u splits of %u", (unsigned)position, (unsigned)row,
                  p.splits, p.splitLength);
    }
    if (split * length > position) continue;
    const uint64_t stop = (split + 1) * length <= position ? (split + 1) * length : position + 1;
    float* out = call.partials + ((row * p.heads + kvHead * group) * p.splits + split) * width;
    float* scores = static_cast<float*>(call.raw->scratch);
    if (attend_split<true>(call, row, kvHead, split * length, stop, scores, out, p.splits * width)) return 1;
  }
  return 0;
}
