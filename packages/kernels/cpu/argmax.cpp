// tokens[m] = the first index of the largest of logits[m]: a row for each threadgroup.
#include "logits.h"

KERNEL(argmax) {
  for (uint64_t m = begin; m < end; m++) {
    if (find_largest(call.raw, call.logits + m * call.params.n, call.params.n, m, call.tokens + m)) return 1;
  }
  return 0;
}
