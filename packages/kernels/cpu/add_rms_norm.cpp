// hidden[m] += delta[m]; out[m] = weight * hidden[m] / sqrt(mean(hidden[m]^2) + epsilon): a row for each threadgroup.
#include "normalize.h"

KERNEL(add_rms_norm) {
  const uint64_t k = call.params.k;
  for (uint64_t m = begin; m < end; m++) {
    float* hidden = call.hidden + m * k;
    const float* delta = call.delta + m * k;
    for (uint64_t i = 0; i < k; i += lanes) {
      store_rest(hidden + i, add(load_rest(hidden + i, k - i), load_rest(delta + i, k - i)), k - i);
    }
    scale_row(call.out + m * k, hidden, call.weight, k, inverse_rms(hidden, k, call.params.epsilon));
  }
  return 0;
}
