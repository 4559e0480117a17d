// All splits of one row for the query heads of one kv head: grid [kvHeads, m].
#include "attention_split.h"
#include "running_softmax.h"

namespace ISA_NAMESPACE {

// Scratch: scores of a tile, then the partial results of the split at hand, then the state of each head.
static uint64_t prefill_scratch_bytes(const attention_prefill_params& p) {
  const uint64_t group = p.heads / p.kvHeads;
  return (score_floats(p) + group * (uint64_t{p.headDim} + 2)) * sizeof(float) + group * sizeof(running_softmax);
}

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(attention_prefill, prefill_scratch_bytes(call.params))

KERNEL_WITH_SCRATCH(attention_prefill) {
  const attention_prefill_params& p = call.params;
  const uint64_t group = p.heads / p.kvHeads, headDim = p.headDim, width = headDim + 2, length = p.splitLength;
  float* scores = static_cast<float*>(call.raw->scratch);
  float* partials = scores + score_floats(p);
  running_softmax* states = reinterpret_cast<running_softmax*>(partials + group * width);
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t kvHead = i % p.kvHeads, row = i / p.kvHeads;
    const uint64_t position = call.positions[row];
    if (check_position(call, row, position)) return 1;
    float* out = call.out + (row * p.heads + kvHead * group) * headDim;
    for (uint64_t first = 0; first <= position; first += length) {
      const uint64_t stop = position - first < length ? position + 1 : first + length;
      if (attend_split<false>(call, row, kvHead, first, stop, scores, partials, width)) return 1;
      for (uint64_t h = 0; h < group; h++) add_split(&states[h], out + h * headDim, partials + h * width, headDim, first == 0);
    }
    for (uint64_t h = 0; h < group; h++) finish_softmax(states[h], out + h * headDim, headDim);
  }
  return 0;
}
