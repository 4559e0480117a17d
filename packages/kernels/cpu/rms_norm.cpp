// out[m] = weight * input[m] / sqrt(mean(input[m]^2) + epsilon): a row for each threadgroup.
#include "normalize.h"

KERNEL(rms_norm) {
  const uint64_t k = call.params.k;
  for (uint64_t m = begin; m < end; m++) {
    const float* input = call.input + m * k;
    scale_row(call.out + m * k, input, call.weight, k, inverse_rms(input, k, call.params.epsilon));
  }
  return 0;
}
