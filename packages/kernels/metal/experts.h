// Which (row, slot) pairs of a mixture-of-experts call a threadgroup computes. The grid has min(experts, pairs) threadgroups in y:
// one for each expert, or, where there are fewer pairs, one for each pair, of which the first that names an expert counts.
#ifndef METAL_FP4_EXPERTS_H
#define METAL_FP4_EXPERTS_H

#include "status.h"

namespace fp4 {

// The expert of the threadgroup; `experts` when it has none.
inline uint expert_of(device const uint* ids, uint pair_count, uint experts, uint y) {
  return pair_count < experts ? min(ids[y], experts) : y;
}

// Where the search for pairs of an expert has come to.
struct Search {
  uint base;     // the first of 32 pairs that are being looked at
  uint skipped;  // how many of them were taken before
};

// The next pairs m * topK + s whose id is `expert`, at most `most`, in order. Returns how many. For all simdgroups of a threadgroup,
// which find the same; the first one stores the pairs, and the rows of activations they read: pair / pairs_per_row.
inline uint next_pairs(device const uint* ids, uint pair_count, uint expert, uint most, uint pairs_per_row, thread Search& search,
                       threadgroup uint* pairs, threadgroup uint* rows, uint simdgroup, uint lane) {
  uint found = 0;
  while (search.base < pair_count) {
    const uint pair = search.base + lane;
    const bool named = pair < pair_count && ids[pair] == expert;
    const uint rank = simd_prefix_exclusive_sum(uint(named)), all = simd_sum(uint(named));
    const uint slot = found + rank - search.skipped;
    if (simdgroup == 0u && named && rank >= search.skipped && slot < most) {
      pairs[slot] = pair;
      rows[slot] = pair / pairs_per_row;
    }
    const uint fresh = all - search.skipped;
    if (found + fresh >= most) {
      search.skipped += most - found;
      return most;
    }
    found += fresh;
    search.skipped = 0u;
    search.base += 32u;
  }
  return found;
}

// Message 1 of `failures`: an id that names no expert, and its pair. By one threadgroup of the grid.
inline void check_ids(device const uint* ids, uint pair_count, uint experts, device atomic_uint* status, uint thread_index, uint threads) {
  for (uint i = thread_index; i < pair_count; i += threads) {
    if (ids[i] >= experts) fail(status, 1u, ids[i], i);
  }
}

}  // namespace fp4

#endif
