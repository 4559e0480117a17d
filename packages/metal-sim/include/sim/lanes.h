// Shuffles, broadcasts and votes of <metal_simdgroup>: all over sim_simd_gather, which gives a thread what every lane of its simdgroup handed over, and which lanes take part.
#pragma once
#include "relational.h"
#include "compute.h"

namespace metal {

// What the lanes gave.
template <class T>
struct sim_lanes {
  const unsigned char* all;
  uint active;
  SIM_RAW T operator[](uint lane) const {
    T value;
    __builtin_memcpy_inline(&value, all + lane * sizeof(T), sizeof(T));
    return value;
  }
  SIM_INLINE bool has(uint lane) const { return lane < 32 && (active >> lane & 1) != 0; }
};
template <class T>
SIM_INLINE sim_lanes<T> sim_gather(T value) {
  sim_lanes<T> lanes;
  lanes.all = (const unsigned char*)sim_simd_gather(&value, sizeof(T), &lanes.active);
  return lanes;
}
SIM_RAW uint sim_lane() { return sim_current()->lane; }

// Copies of a lane's value. A lane that takes no part has none: reported, and zeros.
template <class T>
SIM_INLINE T sim_pick(sim_lanes<T> lanes, uint lane, const char* what) {
  if (lanes.has(lane)) return lanes[lane];
  sim_report("inactive-lane", what);
  return T();
}

struct simd_vote {
  using vote_t = ulong;
  vote_t mask;
  SIM_INLINE constexpr explicit simd_vote(vote_t m = 0) : mask(m) {}
  SIM_INLINE constexpr explicit operator vote_t() const { return mask; }
  SIM_INLINE constexpr bool all() const { return mask == 0xffffffffu; }
  SIM_INLINE constexpr bool any() const { return mask != 0; }
};

SIM_INLINE simd_vote simd_ballot(bool value) {
  const sim_lanes<bool> lanes = sim_gather(value);
  ulong mask = 0;
  for (uint i = 0; i < 32; i++)
    if (lanes.has(i) && lanes[i]) mask |= 1ul << i;
  return simd_vote(mask);
}
SIM_INLINE simd_vote simd_active_threads_mask() { return simd_ballot(true); }
SIM_INLINE bool simd_is_first() {
  const uint active = sim_gather(true).active;
  return sim_lane() == uint(__builtin_ctz(active));
}
SIM_INLINE bool simd_is_helper_thread() { return false; }
SIM_INLINE bool simd_any(bool value) {
  const sim_lanes<bool> lanes = sim_gather(value);
  bool r = false;
  for (uint i = 0; i < 32; i++) r |= lanes.has(i) && lanes[i];
  return r;
}
SIM_INLINE bool simd_all(bool value) {
  const sim_lanes<bool> lanes = sim_gather(value);
  bool r = true;
  for (uint i = 0; i < 32; i++) r &= !lanes.has(i) || lanes[i];
  return r;
}

template <class T>
SIM_INLINE T simd_broadcast(T value, ushort lane) {
  return sim_pick(sim_gather(value), lane, "simd_broadcast from a lane that takes no part");
}
template <class T>
SIM_INLINE T simd_broadcast_first(T value) {
  const sim_lanes<T> lanes = sim_gather(value);
  return lanes[__builtin_ctz(lanes.active)];
}
template <class T>
SIM_INLINE T simd_shuffle(T value, ushort lane) {
  return sim_pick(sim_gather(value), lane, "simd_shuffle from a lane that takes no part");
}
template <class T>
SIM_INLINE T simd_shuffle_xor(T value, ushort mask) {
  return sim_pick(sim_gather(value), sim_lane() ^ mask, "simd_shuffle_xor from a lane that takes no part");
}
// Beyond the simdgroup's ends the own value stays.
template <class T>
SIM_INLINE T simd_shuffle_up(T value, ushort delta) {
  const sim_lanes<T> lanes = sim_gather(value);
  const uint lane = sim_lane();
  return lane < delta ? value : sim_pick(lanes, lane - delta, "simd_shuffle_up from a lane that takes no part");
}
template <class T>
SIM_INLINE T simd_shuffle_down(T value, ushort delta) {
  const sim_lanes<T> lanes = sim_gather(value);
  const uint lane = sim_lane() + delta;
  // A lane that a small threadgroup lacks is beyond the end as well.
  return lane >= 32 || (lanes.active >> lane) == 0 ? value : sim_pick(lanes, lane, "simd_shuffle_down from a lane that takes no part");
}
template <class T>
SIM_INLINE T simd_shuffle_rotate_up(T value, ushort delta) {
  return sim_pick(sim_gather(value), (sim_lane() - delta) & 31, "simd_shuffle_rotate_up from a lane that takes no part");
}
template <class T>
SIM_INLINE T simd_shuffle_rotate_down(T value, ushort delta) {
  return sim_pick(sim_gather(value), (sim_lane() + delta) & 31, "simd_shuffle_rotate_down from a lane that takes no part");
}
template <class T>
struct sim_filled {
  T value, filling;
};
template <class T>
SIM_INLINE T simd_shuffle_and_fill_up(T value, T filling, ushort delta, ushort modulo = 32) {
  const auto lanes = sim_gather(sim_filled<T>{value, filling});
  const uint lane = sim_lane(), in = lane % modulo, base = lane - in;
  const char* what = "simd_shuffle_and_fill_up from a lane that takes no part";
  return in >= delta ? sim_pick(lanes, lane - delta, what).value
                     : sim_pick(lanes, base + (in + modulo - delta) % modulo, what).filling;
}
template <class T>
SIM_INLINE T simd_shuffle_and_fill_down(T value, T filling, ushort delta, ushort modulo = 32) {
  const auto lanes = sim_gather(sim_filled<T>{value, filling});
  const uint lane = sim_lane(), in = lane % modulo, base = lane - in;
  const char* what = "simd_shuffle_and_fill_down from a lane that takes no part";
  return in + delta < modulo ? sim_pick(lanes, lane + delta, what).value
                             : sim_pick(lanes, base + (in + delta) % modulo, what).filling;
}

SIM_INLINE uint sim_quad_mask(uint active) { return active >> (sim_lane() & ~3u) & 15u; }
SIM_INLINE bool quad_is_first() { return (sim_lane() & 3) == uint(__builtin_ctz(sim_quad_mask(sim_gather(true).active))); }
SIM_INLINE simd_vote quad_ballot(bool value) { return simd_vote(sim_quad_mask(uint(ulong(simd_ballot(value))))); }
template <class T>
SIM_INLINE T quad_broadcast_first(T value) {
  const sim_lanes<T> lanes = sim_gather(value);
  return lanes[(sim_lane() & ~3u) + __builtin_ctz(sim_quad_mask(lanes.active))];
}
template <class T>
SIM_INLINE T quad_broadcast(T value, ushort lane) {
  return sim_pick(sim_gather(value), (sim_lane() & ~3u) + lane, "quad_broadcast from a lane that takes no part");
}
template <class T>
SIM_INLINE T quad_shuffle(T value, ushort lane) {
  return sim_pick(sim_gather(value), (sim_lane() & ~3u) + lane, "quad_shuffle from a lane that takes no part");
}
template <class T>
SIM_INLINE T quad_shuffle_xor(T value, ushort mask) {
  return sim_pick(sim_gather(value), sim_lane() ^ mask, "quad_shuffle_xor from a lane that takes no part");
}
template <class T>
SIM_INLINE T quad_shuffle_up(T value, ushort delta) {
  const sim_lanes<T> lanes = sim_gather(value);
  const uint lane = sim_lane();
  return (lane & 3) < delta ? value : sim_pick(lanes, lane - delta, "quad_shuffle_up from a lane that takes no part");
}
template <class T>
SIM_INLINE T quad_shuffle_down(T value, ushort delta) {
  const sim_lanes<T> lanes = sim_gather(value);
  const uint lane = sim_lane();
  return (lane & 3) + delta >= 4 ? value : sim_pick(lanes, lane + delta, "quad_shuffle_down from a lane that takes no part");
}

}  // namespace metal
