// The sum of the splits of attention, in order. attention_combine and attention_prefill share it, so they give the same bits.
#ifndef METAL_FP4_RUNNING_SOFTMAX_H
#define METAL_FP4_RUNNING_SOFTMAX_H

#include <metal_stdlib>
using namespace metal;

#include "exponential.h"

namespace fp4 {

// Maximum and sum of the splits so far.
struct running_softmax {
  float maximum, sum;
};

// What the sums so far and those of the next split are multiplied by.
struct softmax_factors {
  float old_factor, new_factor;
};

// The first split is taken as it is.
inline running_softmax first_split(float maximum, float sum) {
  running_softmax state;
  state.maximum = maximum;
  state.sum = sum;
  return state;
}

// Adds the next split to the state. The weighted values follow by `add_values`.
inline softmax_factors add_split(thread running_softmax& state, float maximum, float sum) {
  const float common = maximum > state.maximum ? maximum : state.maximum;
  softmax_factors factors;
  factors.old_factor = exponential(state.maximum - common);
  factors.new_factor = exponential(maximum - common);
  state.sum = fma(sum, factors.new_factor, state.sum * factors.old_factor);
  state.maximum = common;
  return factors;
}

template <typename T>
inline T add_values(T sum, T values, softmax_factors factors) {
  return fma(values, T(factors.new_factor), sum * T(factors.old_factor));
}

}  // namespace fp4

#endif
