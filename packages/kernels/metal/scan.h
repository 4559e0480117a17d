// 64-bit integers over lanes and threads: Metal's own simd functions end at 32 bits.
#ifndef METAL_FP4_SCAN_H
#define METAL_FP4_SCAN_H

#include <metal_stdlib>
using namespace metal;

#include "reduce.h"

namespace fp4 {

inline uint2 halves_of(ulong x) { return uint2(uint(x), uint(x >> 32)); }
inline ulong of_halves(uint2 halves) { return ulong(halves.x) | (ulong(halves.y) << 32); }

// x of another lane.
inline ulong from_lane(ulong x, uint lane) { return of_halves(simd_shuffle(halves_of(x), ushort(lane))); }

// The sum of x over the lanes up to and with one's own.
inline ulong lanes_up_to(ulong x, uint lane) {
  for (uint step = 1u; step < simdgroup_lanes; step *= 2u) {
    const ulong below = of_halves(simd_shuffle_up(halves_of(x), ushort(step)));
    x += lane >= step ? below : 0ul;
  }
  return x;
}

// Where a thread's number lies in the sum over the threadgroup.
struct scanned {
  ulong before;  // of the threads below
  ulong total;
};

// Over a threadgroup of 32 simdgroups; `totals` has a number for each of them.
inline scanned scan(ulong x, threadgroup ulong* totals, uint simdgroup, uint lane) {
  const ulong up_to = lanes_up_to(x, lane);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // what the last scan left has been read
  if (lane == simdgroup_lanes - 1u) totals[simdgroup] = up_to;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  const ulong simdgroups_up_to = lanes_up_to(totals[lane], lane);
  const ulong simdgroups_before = from_lane(simdgroups_up_to, simdgroup == 0u ? 0u : simdgroup - 1u);
  scanned result;
  result.before = (simdgroup == 0u ? 0ul : simdgroups_before) + up_to - x;
  result.total = from_lane(simdgroups_up_to, simdgroup_lanes - 1u);
  return result;
}

}  // namespace fp4

#endif
