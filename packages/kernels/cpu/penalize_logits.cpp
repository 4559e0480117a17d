// out = logits less the penalties of tokens seen and made: 4096 of them for each threadgroup.
#include <math.h>

#include "kernel.h"

KERNEL(penalize_logits) {
  float penalties[3];
  memcpy(penalties, call.settings, sizeof(penalties));
  const float repetition = penalties[0], presence = penalties[1], frequency = penalties[2];
  if (!(repetition >= 0x1p-126f && repetition < INFINITY)) return fail(call.raw, "repetition is not a normal number above 0");
  if (!(fabsf(presence) < INFINITY)) return fail(call.raw, "presence is not a finite number");
  if (!(fabsf(frequency) < INFINITY)) return fail(call.raw, "frequency is not a finite number");
  const uint64_t n = call.params.n, stop = end * 4096 < n ? end * 4096 : n;
  for (uint64_t i = begin * 4096; i < stop; i++) {
    float logit = call.logits[i];
    if (call.seen[i] > 0) logit = logit < 0 ? logit * repetition : logit / repetition;
    if (call.made[i] > 0) logit = fmaf(-frequency, static_cast<float>(call.made[i]), logit) - presence;
    call.out[i] = logit;
  }
  return 0;
}
