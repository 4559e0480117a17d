// How the generated table of a library calls its kernels.
#pragma once
#include "make.h"

namespace metal {

template <class T, uint alignment>
SIM_INLINE SIM_THREADGROUP T& sim_threadgroup(const void* key) {
  return *(SIM_THREADGROUP T*)sim_threadgroup_variable(key, sizeof(T), alignment != 0 ? alignment : alignof(T));
}

template <uint i, class First, class... Rest>
struct sim_type_at : sim_type_at<i - 1, Rest...> {};
template <class First, class... Rest>
struct sim_type_at<0, First, Rest...> : type_identity<First> {};
template <class>
struct sim_signature;
template <class... P>
struct sim_signature<void (*const)(P...)> {
  template <uint i>
  using at = typename sim_type_at<i, P...>::type;
};
template <class R, class... P>
struct sim_signature<R (*const)(P...)> {
  template <uint i>
  using at = typename sim_type_at<i, P...>::type;
};

template <class T>
using sim_pointee = remove_pointer_t<remove_reference_t<T>>;
template <class T>
constexpr bool sim_is_const = __is_const(sim_pointee<T>);
template <class T, size_t n>
constexpr bool sim_is_const<T (&)[n]> = __is_const(T);
template <class T>
constexpr uint32_t sim_access = sim_is_const<T> ? 1 : 3;
template <class T>
constexpr uint32_t sim_bytes_of = sizeof(T);
template <>
inline constexpr uint32_t sim_bytes_of<void> = 0;
template <class T>
constexpr uint32_t sim_alignment_of = alignof(T);
template <>
inline constexpr uint32_t sim_alignment_of<void> = 1;
template <class T>
constexpr uint32_t sim_bytes = sim_bytes_of<decay_t<sim_pointee<T>>>;
template <class T>
constexpr uint32_t sim_alignment = sim_alignment_of<decay_t<sim_pointee<T>>>;

template <class P>
struct sim_argument_of;
template <class T>
struct sim_argument_of<T*> {
  SIM_INLINE SIM_NO_CHECKS static T* get(void* address) { return (T*)address; }
};
template <class T>
struct sim_argument_of<T&> {
  SIM_INLINE SIM_NO_CHECKS static T& get(void* address) { return *(T*)address; }
};
template <class P>
SIM_INLINE SIM_NO_CHECKS P sim_argument(void* address) {
  return sim_argument_of<P>::get(address);
}

// A built-in of three elements as the parameter has it.
template <class P>
SIM_INLINE SIM_NO_CHECKS decay_t<P> sim_value(uint3 value) {
  using T = decay_t<P>;
  if constexpr (sim_size<T> == 0) return T(value.x);
  else if constexpr (sim_size<T> == 2) return __builtin_convertvector(value.xy, T);
  else return __builtin_convertvector(value, T);
}

namespace sim_builtins {
#define SIM_TRIPLE(name) \
  SIM_RAW uint3 name() { return uint3{sim_current()->name[0], sim_current()->name[1], sim_current()->name[2]}; }
SIM_TRIPLE(position)
SIM_TRIPLE(threads)
SIM_TRIPLE(threadgroup_position)
SIM_TRIPLE(threadgroups)
SIM_TRIPLE(position_in_threadgroup)
SIM_TRIPLE(threadgroup_size)
SIM_TRIPLE(dispatch_threadgroup_size)
#undef SIM_TRIPLE
#define SIM_SINGLE(name, expression) \
  SIM_RAW uint3 name() { return (uint3)(uint(expression)); }
SIM_SINGLE(index_in_threadgroup, sim_current()->index_in_threadgroup)
SIM_SINGLE(simdgroup_index, sim_current()->simdgroup_index)
SIM_SINGLE(lane, sim_current()->lane)
SIM_SINGLE(simdgroups, sim_current()->simdgroups)
SIM_SINGLE(simd_width, 32)
SIM_SINGLE(lane_in_quad, sim_current()->lane % 4)
SIM_SINGLE(quadgroup, sim_current()->index_in_threadgroup / 4)
SIM_SINGLE(origin, 0)
#undef SIM_SINGLE
SIM_RAW uint3 sim_whole_threads() {
  const uint3 size = dispatch_threadgroup_size();
  return (uint3)(size.x * size.y * size.z);
}
SIM_RAW uint3 dispatch_simdgroups() { return (sim_whole_threads() + 31u) / 32u; }
SIM_RAW uint3 quadgroups() { return (sim_whole_threads() + 3u) / 4u; }
}  // namespace sim_builtins

}  // namespace metal
