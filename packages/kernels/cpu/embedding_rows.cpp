// out[m] = table[tokens[m]] as float32: one row of the table for each threadgroup.
#include "rest.h"

KERNEL(embedding_rows) {
  const uint64_t k = call.params.k;
  for (uint64_t m = begin; m < end; m++) {
    const uint64_t token = call.tokens[m];
    if (token >= call.params.n) {
      return fail(call.raw, "token %u at row %u is outside the vocabulary of %u", (unsigned)token, (unsigned)m,
                  call.params.n);
    }
    float* out = call.out + m * k;
    switch (call.constants.type) {
      case embedding_rows_type::f32:
        memcpy(out, static_cast<const float*>(call.table) + token * k, k * sizeof(float));
        break;
      case embedding_rows_type::f16: {
        const uint16_t* row = static_cast<const uint16_t*>(call.table) + token * k;
        for (uint64_t i = 0; i < k; i += lanes) store_rest(out + i, load_half_rest(row + i, k - i), k - i);
        break;
      }
      case embedding_rows_type::bf16: {
        const uint16_t* row = static_cast<const uint16_t*>(call.table) + token * k;
        for (uint64_t i = 0; i < k; i += lanes) store_rest(out + i, load_bf16_rest(row + i, k - i), k - i);
        break;
      }
    }
  }
  return 0;
}
