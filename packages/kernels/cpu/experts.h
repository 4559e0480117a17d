// Which (row, slot) pairs of a mixture-of-experts call go to an expert.
#ifndef METAL_FP4_EXPERTS_H
#define METAL_FP4_EXPERTS_H

#include "fail.h"
#include "simd.h"

namespace ISA_NAMESPACE {

// The pairs m * topK + s whose id is `expert`, in order, into `pairs` (room for all of them); `count` becomes their number.
// An id that names no expert fails, whichever expert is asked for.
static int pairs_of_expert(const cpu_kernel_call* call, const uint32_t* ids, uint64_t pair_count,
                           uint32_t topK, uint32_t experts, uint64_t expert, uint64_t* pairs, uint64_t* count) {
  uint64_t found = 0;
  for (uint64_t pair = 0; pair < pair_count; pair++) {
    if (ids[pair] >= experts) {
      return fail(call, "expected ids below experts = %u, got %u in row %llu, slot %u.", experts, ids[pair],
                  static_cast<unsigned long long>(pair / topK), static_cast<unsigned>(pair % topK));
    }
    if (ids[pair] == expert) pairs[found++] = pair;
  }
  *count = found;
  return 0;
}

}  // namespace ISA_NAMESPACE

#endif
