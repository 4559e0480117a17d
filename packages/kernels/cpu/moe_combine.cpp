// out[m, k] = residual[m, k] + sum over s, in order, of weights[m, s] * expertOut[m, s, k]: a row for each threadgroup.
#include "rest.h"

KERNEL(moe_combine) {
  const uint64_t k = call.params.k, topK = call.params.topK;
  const bool residual = call.constants.residual == moe_combine_residual::on;
  for (uint64_t m = begin; m < end; m++) {
    const float* experts = call.expertOut + m * topK * k;
    for (uint64_t i = 0; i < k; i += lanes) {
      f32x16 acc = residual ? load_rest(call.residual + m * k + i, k - i) : zero();
      for (uint64_t s = 0; s < topK; s++) {
        acc = fma(splat(call.weights[m * topK + s]), load_rest(experts + s * k + i, k - i), acc);
      }
      store_rest(call.out + m * k + i, acc, k - i);
    }
  }
  return 0;
}
