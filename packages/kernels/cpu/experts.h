// The work of a mixture-of-experts call: which experts its (row, slot) pairs name, and the pairs of each. The grid has room for as many
// experts as pairs could name, min(experts, M topK); pairs that share experts name fewer, and which is known only from the ids. So each
// range of the grid stands for an equal share of the work that there is, and threads that share the grid evenly share the work evenly.
#ifndef METAL_FP4_EXPERTS_H
#define METAL_FP4_EXPERTS_H

#include <stdint.h>

#include "fail.h"

namespace ISA_NAMESPACE {

// The pairs m * topK + s of a call: [M, topK] expert numbers.
struct Pairs {
  const uint32_t* ids;
  uint32_t m, topK, experts;
  uint64_t count() const { return uint64_t{m} * topK; }
};

// Bytes of scratch for `for_chosen`: the pairs of one expert (first, as they need the larger alignment), then the chosen experts.
static uint64_t chosen_scratch(const Pairs& pairs) {
  return sizeof(uint64_t) * pairs.count() + sizeof(uint32_t) * pairs.experts;
}

// The experts that any pair names, each once, in ascending order, into `chosen` (room for all experts); `count` becomes their number.
static int chosen_experts(const cpu_kernel_call* call, const Pairs& pairs, uint32_t* chosen, uint64_t* count) {
  for (uint32_t expert = 0; expert < pairs.experts; expert++) chosen[expert] = 0;
  for (uint64_t pair = 0; pair < pairs.count(); pair++) {
    const uint32_t id = pairs.ids[pair];
    if (id >= pairs.experts) {
      return fail(call, "expected ids below experts = %u, got %u in row %llu, slot %u.", pairs.experts, id,
                  static_cast<unsigned long long>(pair / pairs.topK), static_cast<unsigned>(pair % pairs.topK));
    }
    chosen[id] = 1;
  }
  uint64_t found = 0; // never ahead of the mark that is read
  for (uint32_t expert = 0; expert < pairs.experts; expert++) {
    if (chosen[expert]) chosen[found++] = expert;
  }
  *count = found;
  return 0;
}

// The pairs whose id is `expert`, in order, into `list` (room for all of them). Returns their number.
static uint64_t pairs_of_expert(const Pairs& pairs, uint32_t expert, uint64_t* list) {
  uint64_t found = 0;
  for (uint64_t pair = 0; pair < pairs.count(); pair++) {
    if (pairs.ids[pair] == expert) list[found++] = pair;
  }
  return found;
}

// Where place `at` of `places` falls among `items`: 0 at 0, all of them at the end, monotone in between. Ranges of places that cover
// all of them without overlap thus stand for ranges of items that do.
static uint64_t share_of(uint64_t items, uint64_t at, uint64_t places) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(items) * at / places); // a grid may have 2^53 places
}

// Calls multiply(expert, tile, list, count) for the part [begin, end) of the grid [tiles, most experts, 1]; `list` holds the `count`
// pairs of the expert. Over the whole grid each tile of each chosen expert comes once. Fails when an id names no expert.
template <typename Multiply>
static int for_chosen(const cpu_kernel_call* call, const Pairs& pairs, uint64_t begin, uint64_t end, const Multiply& multiply) {
  uint64_t* list = static_cast<uint64_t*>(call->scratch);
  uint32_t* chosen = reinterpret_cast<uint32_t*>(list + pairs.count());
  uint64_t chosen_count = 0;
  if (chosen_experts(call, pairs, chosen, &chosen_count)) return 1;
  const uint64_t tiles = call->grid[0], places = tiles * call->grid[1], items = tiles * chosen_count;
  const uint64_t last = share_of(items, end, places);
  uint64_t listed = chosen_count, count = 0; // whose pairs are in the list
  for (uint64_t item = share_of(items, begin, places); item < last; item++) {
    const uint64_t choice = item / tiles;
    if (choice != listed) {
      listed = choice;
      count = pairs_of_expert(pairs, chosen[choice], list);
    }
    multiply(chosen[choice], item % tiles, list, count);
  }
  return 0;
}

}  // namespace ISA_NAMESPACE

#endif
