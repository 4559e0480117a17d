// <metal_atomic>. The runner checks each access and says where to make it; threads run one at a time, so plain operations do.
#pragma once
#include "compute.h"

namespace metal {

template <class T>
struct atomic {
  T sim_value;
};
template <class T>
using _atomic = atomic<T>;
using atomic_int = atomic<int>;
using atomic_uint = atomic<uint>;
using atomic_bool = atomic<bool>;
using atomic_float = atomic<float>;
using atomic_long = atomic<long>;
using atomic_ulong = atomic<ulong>;
using atomic_uint_least64_t = atomic<ulong>;

template <class T>
SIM_RAW T sim_atomic_load(void* address) {
  return *(const T*)address;
}
template <class T>
SIM_RAW void sim_atomic_store(void* address, T value) {
  *(T*)address = value;
}

#define SIM_ATOMIC_FETCH(SPACE, name, expression)                                                              \
  template <class T>                                                                                           \
  SIM_INLINE T atomic_fetch_##name##_explicit(volatile SPACE atomic<T>* object, type_identity_t<T> b, memory_order) { \
    void* at = sim_atomic((void*)object, sizeof(T), 3);                                                        \
    const T a = sim_atomic_load<T>(at);                                                                        \
    sim_atomic_store<T>(at, T(expression));                                                                    \
    return a;                                                                                                  \
  }
#define SIM_ATOMICS(SPACE)                                                                                     \
  template <class T>                                                                                           \
  SIM_INLINE T atomic_load_explicit(const volatile SPACE atomic<T>* object, memory_order) {                    \
    return sim_atomic_load<T>(sim_atomic((void*)object, sizeof(T), 1));                                        \
  }                                                                                                            \
  template <class T>                                                                                           \
  SIM_INLINE void atomic_store_explicit(volatile SPACE atomic<T>* object, type_identity_t<T> value, memory_order) { \
    sim_atomic_store<T>(sim_atomic((void*)object, sizeof(T), 2), value);                                       \
  }                                                                                                            \
  template <class T>                                                                                           \
  SIM_INLINE T atomic_exchange_explicit(volatile SPACE atomic<T>* object, type_identity_t<T> value, memory_order) { \
    void* at = sim_atomic((void*)object, sizeof(T), 3);                                                        \
    const T a = sim_atomic_load<T>(at);                                                                        \
    sim_atomic_store<T>(at, value);                                                                            \
    return a;                                                                                                  \
  }                                                                                                            \
  /* Equal by bits, as the hardware compares. */                                                               \
  template <class T>                                                                                           \
  SIM_INLINE bool atomic_compare_exchange_weak_explicit(volatile SPACE atomic<T>* object, T* expected,         \
                                                        type_identity_t<T> desired, memory_order, memory_order) { \
    void* at = sim_atomic((void*)object, sizeof(T), 3);                                                        \
    const T a = sim_atomic_load<T>(at);                                                                        \
    const bool same = __builtin_memcmp(&a, expected, sizeof(T)) == 0;                                          \
    sim_atomic_store<T>(at, same ? desired : a);                                                               \
    if (!same) *expected = a;                                                                                  \
    return same;                                                                                               \
  }                                                                                                            \
  SIM_ATOMIC_FETCH(SPACE, add, sim_wrapped<T>::add(a, b))                                                      \
  SIM_ATOMIC_FETCH(SPACE, sub, sim_wrapped<T>::subtract(a, b))                                                 \
  SIM_ATOMIC_FETCH(SPACE, min, b < a ? b : a)                                                                  \
  SIM_ATOMIC_FETCH(SPACE, max, a < b ? b : a)                                                                  \
  SIM_ATOMIC_FETCH(SPACE, and, a& b)                                                                           \
  SIM_ATOMIC_FETCH(SPACE, or, a | b)                                                                           \
  SIM_ATOMIC_FETCH(SPACE, xor, a ^ b)                                                                          \
  template <class T>                                                                                           \
  SIM_INLINE void atomic_max_explicit(volatile SPACE atomic<T>* object, type_identity_t<T> value, memory_order order) { \
    atomic_fetch_max_explicit(object, value, order);                                                           \
  }                                                                                                            \
  template <class T>                                                                                           \
  SIM_INLINE void atomic_min_explicit(volatile SPACE atomic<T>* object, type_identity_t<T> value, memory_order order) { \
    atomic_fetch_min_explicit(object, value, order);                                                           \
  }

// Sums of integers wrap around.
template <class T>
struct sim_wrapped {
  SIM_INLINE static T add(T a, T b) {
    if constexpr (__is_integral(T) && sizeof(T) >= 4) return T(make_unsigned_t<T>(a) + make_unsigned_t<T>(b));
    else return T(a + b);
  }
  SIM_INLINE static T subtract(T a, T b) {
    if constexpr (__is_integral(T) && sizeof(T) >= 4) return T(make_unsigned_t<T>(a) - make_unsigned_t<T>(b));
    else return T(a - b);
  }
};

SIM_ATOMICS(SIM_DEVICE)
SIM_ATOMICS(SIM_THREADGROUP)
#undef SIM_ATOMICS
#undef SIM_ATOMIC_FETCH

}  // namespace metal
