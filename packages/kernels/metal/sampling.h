// How sample_token goes about a row: 32 simdgroups share it in segments of neighbouring logits, so that sums over them are sums over
// indices. A selection looks for a logit by its place in the order of all; nothing is sorted.
#ifndef METAL_FP4_SAMPLING_H
#define METAL_FP4_SAMPLING_H

#include <metal_stdlib>
using namespace metal;

#include "exponential.h"
#include "logits.h"
#include "scan.h"

namespace fp4 {

constant constexpr uint sample_threads = 1024;
constant constexpr uint sample_bins = 2048;

// floor(x 2^40) for 0 <= x < 2^24.
inline ulong times_2_to_40(float x) {
  const uint bits = as_type<uint>(x), exponent = bits >> 23;
  if (exponent < 87u) return 0ul;  // below 2^-40
  const ulong mantissa = (bits & 0x7fffffu) | 0x800000u;
  return exponent >= 110u ? mantissa << (exponent - 110u) : mantissa >> (110u - exponent);
}

// floor(part * whole / 2^32) for part <= 2^32 and whole < 2^63.
inline ulong fraction_of(ulong part, ulong whole) {
  return part * (whole >> 32) + ((part * (whole & 0xfffffffful)) >> 32);
}

// A row, and a thread's part in it.
struct sample_row {
  device const float* logits;
  uint n;
  float largest, temperature;
  uint segment, stop;  // of the thread's simdgroup
  uint thread_index, simdgroup, lane;
};

// floor(2^40 exp((logit - largest) / temperature)).
inline ulong weight_of(sample_row row, float logit) {
  const float below = logit - row.largest;
  return times_2_to_40(exponential(below == 0.0f ? 0.0f : below / row.temperature));
}

// What is kept so far: keys above `key`, and those equal to it up to index `last`.
struct cutoff {
  uint key, last;
};

inline bool kept(cutoff cut, uint key, uint index) { return key > cut.key || (key == cut.key && index <= cut.last); }

struct sample_memory {
  extremes found[32];
  ulong totals[32];
  // Sums of a bin: the low and the high words of 64 bits, with a carry between them, as there are no 64-bit atomic additions.
  // Not declared as atomic, so that the struct needs no constructor.
  uint low[sample_bins], high[sample_bins];
  uint bin, index;  // what one thread found
  ulong left;      // of the target, in the bin
};

inline threadgroup atomic_uint* low_of(threadgroup sample_memory& memory, uint bin) {
  return reinterpret_cast<threadgroup atomic_uint*>(memory.low + bin);
}
inline threadgroup atomic_uint* high_of(threadgroup sample_memory& memory, uint bin) {
  return reinterpret_cast<threadgroup atomic_uint*>(memory.high + bin);
}

inline void add_to_bin(threadgroup sample_memory& memory, uint bin, ulong amount) {
  const uint low = uint(amount);
  const uint before = atomic_fetch_add_explicit(low_of(memory, bin), low, memory_order_relaxed);
  const uint carried = uint(amount >> 32) + uint(before + low < before);
  if (carried != 0u) atomic_fetch_add_explicit(high_of(memory, bin), carried, memory_order_relaxed);
}

inline ulong sum_of_bin(threadgroup sample_memory& memory, uint bin) {
  return of_halves(uint2(atomic_load_explicit(low_of(memory, bin), memory_order_relaxed),
                         atomic_load_explicit(high_of(memory, bin), memory_order_relaxed)));
}

// The largest bin at which the sum, from the largest down, reaches a target of at least 1 and at most the sum of all: in memory.bin,
// and in memory.left how much of the target is left for that bin. Ends with a barrier.
inline void find_bin(sample_row row, ulong target, threadgroup sample_memory& memory) {
  const uint upper = sample_bins - 1u - 2u * row.thread_index, lower = upper - 1u;
  const ulong upper_sum = sum_of_bin(memory, upper), both = upper_sum + sum_of_bin(memory, lower);
  const ulong before = scan(both, memory.totals, row.simdgroup, row.lane).before;
  if (before < target && before + both >= target) {
    const bool in_upper = before + upper_sum >= target;
    memory.bin = in_upper ? upper : lower;
    memory.left = target - before - (in_upper ? 0ul : upper_sum);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
}

// The logits that count in a walk over indices: those that `cut` keeps, with at least a weight of `least`, for their weight; or, when
// `counted`, those with the key of the cut, for 1.
struct sample_measure {
  cutoff cut;
  ulong least;
  bool counted;
};

inline ulong measure_of(sample_row row, sample_measure measure, uint index) {
  const float logit = row.logits[index];
  const uint key = ordered_key(logit);
  if (!kept(measure.cut, key, index)) return 0ul;
  if (measure.counted) return ulong(key == measure.cut.key);
  const ulong weight = weight_of(row, logit);
  return weight >= measure.least ? weight : 0ul;
}

// What the threads' own logits measure, and its place in the whole.
struct sample_sums {
  ulong own;
  scanned place;
};

inline sample_sums sum_row(sample_row row, sample_measure measure, threadgroup sample_memory& memory) {
  sample_sums sums;
  sums.own = 0ul;
  for (uint i = row.segment + row.lane; i < row.stop; i += simdgroup_lanes) sums.own += measure_of(row, measure, i);
  sums.place = scan(sums.own, memory.totals, row.simdgroup, row.lane);
  return sums;
}

// The first index at which the running sum exceeds `point`, which is below the sum of all: in memory.index. Ends with a barrier.
inline void find_index(sample_row row, sample_measure measure, sample_sums sums, ulong point, threadgroup sample_memory& memory) {
  ulong reached = from_lane(sums.place.before, 0u);
  const ulong end = from_lane(sums.place.before + sums.own, simdgroup_lanes - 1u);
  if (reached <= point && point < end) {
    for (uint i = row.segment; i < row.stop; i += simdgroup_lanes) {
      const uint index = i + row.lane;
      const ulong own = index < row.stop ? measure_of(row, measure, index) : 0ul;
      const ulong after = reached + lanes_up_to(own, row.lane);
      if (after - own <= point && point < after) memory.index = index;
      reached = from_lane(after, simdgroup_lanes - 1u);
      if (reached > point) break;
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
}

}  // namespace fp4

#endif
