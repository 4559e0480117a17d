// How experts.h cuts the work of chosen experts: each tile of each of them once over any parts of the grid, and every part of the grid
// with its share, however few experts the rows share.
#ifndef METAL_FP4_TEST_CHOSEN_H
#define METAL_FP4_TEST_CHOSEN_H

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#define ISA_NAMESPACE under_test
#include "experts.h"
#undef ISA_NAMESPACE

// Whether the places of a grid too large for the product of two 64-bit numbers are cut right.
inline bool large_grids_are_cut() {
  const uint64_t most = uint64_t{1} << 53;
  return under_test::share_of(most, most, most) == most && under_test::share_of(most, most - 1, most) == most - 1 &&
         under_test::share_of(most / 2, most - 2, most) == most / 2 - 1 && under_test::share_of(most - 1, 1, most) == 0;
}

// The number of problems, of so many at random, of which a part was wrong.
inline uint64_t wrong_shares(uint64_t problems, uint32_t (*below)(uint32_t)) {
  uint64_t wrong = !large_grids_are_cut();
  for (uint64_t problem = 0; problem < problems; problem++) {
    const uint32_t experts = 1 + below(20), topK = 1 + below(experts), m = 1 + below(12), tiles = 1 + below(9), named = 1 + below(experts);
    std::vector<uint32_t> ids(m * topK);
    std::map<uint32_t, std::vector<uint64_t>> expected;  // the pairs of each chosen expert
    for (uint64_t pair = 0; pair < ids.size(); pair++) expected[ids[pair] = experts - 1 - below(named)].push_back(pair);
    const under_test::Pairs pairs = {ids.data(), m, topK, experts};
    std::vector<uint64_t> scratch((under_test::chosen_scratch(pairs) + 7) / 8);
    cpu_kernel_call call = {};
    call.grid[0] = tiles;
    call.grid[1] = static_cast<uint32_t>(std::min<uint64_t>(experts, pairs.count()));
    call.grid[2] = 1;
    call.scratch = scratch.data();
    const uint64_t places = uint64_t{tiles} * call.grid[1], items = tiles * expected.size();
    std::map<std::pair<uint64_t, uint64_t>, int> times;  // (expert, tile)
    bool right = true;
    for (uint64_t begin = 0, end; begin < places; begin = end) {
      end = begin + 1 + below(static_cast<uint32_t>(places - begin));
      uint64_t done = 0;
      right &= under_test::for_chosen(&call, pairs, begin, end, [&](uint64_t expert, uint64_t tile, const uint64_t* list, uint64_t count) {
        done++;
        right &= tile < tiles && ++times[{expert, tile}] == 1;
        right &= std::vector<uint64_t>(list, list + count) == expected[static_cast<uint32_t>(expert)];
      }) == 0;
      // Its share of the work, to less than an item.
      const uint64_t share = (end - begin) * items, got = done * places;
      right &= (got > share ? got - share : share - got) < places;
    }
    wrong += !(right && times.size() == items);
  }
  return wrong;
}

#endif
