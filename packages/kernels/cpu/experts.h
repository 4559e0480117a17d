// Which experts a mixture-of-experts call needs, and which of its (row, slot) pairs go to each.
#ifndef METAL_FP4_EXPERTS_H
#define METAL_FP4_EXPERTS_H

#include "fail.h"
#include "simd.h"

namespace ISA_NAMESPACE {

// The experts that any pair names, each once, in ascending order, into `chosen` (room for all experts); `count` becomes their number.
static int chosen_experts(const cpu_kernel_call* call, const uint32_t* ids, uint64_t pair_count,
                          uint32_t topK, uint32_t experts, uint32_t* chosen, uint64_t* count) {
  for (uint32_t expert = 0; expert < experts; expert++) chosen[expert] = 0;
  for (uint64_t pair = 0; pair < pair_count; pair++) {
    if (ids[pair] >= experts) {
      return fail(call, "expected ids below experts = %u, got %u in row %llu, slot %u.", experts, ids[pair],
                  static_cast<unsigned long long>(pair / topK), static_cast<unsigned>(pair % topK));
    }
    chosen[ids[pair]] = 1;
  }
  uint64_t found = 0; // never ahead of the mark that is read
  for (uint32_t expert = 0; expert < experts; expert++) {
    if (chosen[expert]) chosen[found++] = expert;
  }
  *count = found;
  return 0;
}

// The pairs m * topK + s whose id is `expert`, in order, into `pairs` (room for all of them). Returns their number.
static uint64_t pairs_of_expert(const uint32_t* ids, uint64_t pair_count, uint64_t expert, uint64_t* pairs) {
  uint64_t found = 0;
  for (uint64_t pair = 0; pair < pair_count; pair++) {
    if (ids[pair] == expert) pairs[found++] = pair;
  }
  return found;
}

}  // namespace ISA_NAMESPACE

#endif
