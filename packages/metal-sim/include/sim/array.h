// metal::array.
#pragma once
#include "traits.h"

namespace metal {
template <class T, size_t n>
struct array {
  T sim_elements[n];
  SIM_INLINE constexpr T& operator[](size_t i) { return sim_elements[i]; }
  SIM_INLINE constexpr const T& operator[](size_t i) const { return sim_elements[i]; }
  SIM_INLINE static constexpr size_t size() { return n; }
  SIM_INLINE constexpr T* data() { return sim_elements; }
  SIM_INLINE constexpr const T* data() const { return sim_elements; }
  SIM_INLINE constexpr T* begin() { return sim_elements; }
  SIM_INLINE constexpr T* end() { return sim_elements + n; }
  SIM_INLINE constexpr bool empty() const { return n == 0; }
};
}  // namespace metal
