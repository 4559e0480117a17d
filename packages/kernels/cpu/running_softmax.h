// The sum of the splits of attention, in order. attention_combine and attention_prefill share it, so they give the same bits.
#ifndef METAL_FP4_RUNNING_SOFTMAX_H
#define METAL_FP4_RUNNING_SOFTMAX_H

#include "rest.h"
#include "vector_math.h"

namespace ISA_NAMESPACE {

// e^x of one number, the same function as over lanes.
[[maybe_unused]] static float exp_one(float x) {
  float all[lanes];
  store(all, exp(splat(x)));
  return all[0];
}

// The sum of splits so far: weighted values in `out`, and their maximum and sum.
struct running_softmax {
  float maximum, sum;
};

// Adds the partial result of the next split: headDim weighted values, maximum, sum.
[[maybe_unused]] static void add_split(running_softmax* state, float* out, const float* partial, uint64_t headDim, bool first) {
  const float maximum = partial[headDim], sum = partial[headDim + 1];
  if (first) {
    *state = {maximum, sum};
    memcpy(out, partial, headDim * sizeof(float));
    return;
  }
  const float common = maximum > state->maximum ? maximum : state->maximum;
  const float old_factor = exp_one(state->maximum - common), new_factor = exp_one(maximum - common);
  const f32x16 before = splat(old_factor), added = splat(new_factor);
  for (uint64_t d = 0; d < headDim; d += lanes) {
    const f32x16 kept = mul(load_rest(out + d, headDim - d), before);
    store_rest(out + d, fma(load_rest(partial + d, headDim - d), added, kept), headDim - d);
  }
  *state = {common, __builtin_fmaf(sum, new_factor, state->sum * old_factor)};
}

// Divides the weighted values by the sum of exponentials.
[[maybe_unused]] static void finish_softmax(const running_softmax& state, float* out, uint64_t headDim) {
  const f32x16 divisor = splat(state.sum);
  for (uint64_t d = 0; d < headDim; d += lanes) store_rest(out + d, div(load_rest(out + d, headDim - d), divisor), headDim - d);
}

}  // namespace ISA_NAMESPACE

#endif
