// <metal_simdgroup_matrix>: 8x8 matrices spread over a simdgroup, two neighbouring elements of a row in each lane, as Apple's GPUs hold them
// (thread_elements() shows it: MLX and ggml rely on it).
#pragma once
#include "simdgroup.h"

namespace metal {

template <class T, int columns = 8, int rows = columns>
struct simdgroup_matrix {
  static_assert(columns == 8 && rows == 8, "a simdgroup_matrix is 8x8");
  using element_type = T;
  using storage_type = vec<T, 2>;
  storage_type elements;

  simdgroup_matrix() = default;
  SIM_INLINE explicit simdgroup_matrix(T diagonal) {
    const uint row = sim_row(), column = sim_column();
    elements = storage_type{row == column ? diagonal : T(0), row == column + 1 ? diagonal : T(0)};
  }
  SIM_INLINE storage_type& thread_elements() { return elements; }
  SIM_INLINE const storage_type& thread_elements() const { return elements; }

  SIM_INLINE static uint sim_row() {
    const uint lane = sim_lane();
    return (lane / 16) * 4 + (lane / 2) % 4;
  }
  SIM_INLINE static uint sim_column() {
    const uint lane = sim_lane();
    return (lane / 8 % 2) * 4 + lane % 2 * 2;
  }
};
template <class T, int columns = 8, int rows = columns>
using simdgroup = simdgroup_matrix<T, columns, rows>;

using simdgroup_float8x8 = simdgroup_matrix<float, 8, 8>;
using simdgroup_half8x8 = simdgroup_matrix<half, 8, 8>;
using simdgroup_bfloat8x8 = simdgroup_matrix<bfloat, 8, 8>;

template <class T, int columns = 8, int rows = columns>
SIM_INLINE simdgroup_matrix<T, columns, rows> make_filled_simdgroup_matrix(T value) {
  simdgroup_matrix<T, columns, rows> m;
  m.elements = vec<T, 2>{value, value};
  return m;
}
template <class T, int columns = 8, int rows = columns>
SIM_INLINE simdgroup_matrix<T, columns, rows> make_diagonal_simdgroup_matrix(T value) {
  return simdgroup_matrix<T, columns, rows>(value);
}

// elements_per_row is ulong, the origin (column, row), or (row, column) of what is read when the matrix is transposed.
#define SIM_MATRIX_MEMORY(SPACE)                                                                                            \
  template <class T>                                                                                                        \
  SIM_INLINE void simdgroup_load(simdgroup_matrix<T>& m, const SPACE T* source, ulong elements_per_row = 8,                 \
                                 ulong2 origin = ulong2{0, 0}, bool transpose = false) {                                    \
    const ulong row = m.sim_row(), column = m.sim_column();                                                                 \
    const SPACE T* at = source + origin.y * elements_per_row + origin.x;                                                    \
    if (transpose) m.elements = vec<T, 2>{at[column * elements_per_row + row], at[(column + 1) * elements_per_row + row]};  \
    else m.elements = vec<T, 2>{at[row * elements_per_row + column], at[row * elements_per_row + column + 1]};              \
  }                                                                                                                         \
  template <class T>                                                                                                        \
  SIM_INLINE void simdgroup_store(simdgroup_matrix<T> m, SPACE T* target, ulong elements_per_row = 8,                       \
                                  ulong2 origin = ulong2{0, 0}, bool transpose = false) {                                   \
    const ulong row = m.sim_row(), column = m.sim_column();                                                                 \
    SPACE T* at = target + origin.y * elements_per_row + origin.x;                                                          \
    if (transpose) {                                                                                                        \
      at[column * elements_per_row + row] = m.elements.x;                                                                   \
      at[(column + 1) * elements_per_row + row] = m.elements.y;                                                             \
    } else {                                                                                                                \
      at[row * elements_per_row + column] = m.elements.x;                                                                   \
      at[row * elements_per_row + column + 1] = m.elements.y;                                                               \
    }                                                                                                                       \
  }
SIM_MATRIX_MEMORY(SIM_DEVICE)
SIM_MATRIX_MEMORY(SIM_THREADGROUP)
#undef SIM_MATRIX_MEMORY
template <class T>
SIM_INLINE void simdgroup_load(simdgroup_matrix<T>& m, const SIM_CONSTANT T* source, ulong elements_per_row = 8,
                               ulong2 origin = ulong2{0, 0}, bool transpose = false) {
  const ulong row = m.sim_row(), column = m.sim_column();
  const SIM_CONSTANT T* at = source + origin.y * elements_per_row + origin.x;
  if (transpose) m.elements = vec<T, 2>{at[column * elements_per_row + row], at[(column + 1) * elements_per_row + row]};
  else m.elements = vec<T, 2>{at[row * elements_per_row + column], at[row * elements_per_row + column + 1]};
}

template <class A, class B>
struct sim_pair {
  vec<A, 2> a;
  vec<B, 2> b;
};

// A lane's two elements of a b + c: float32 products and sums in order of k.
template <class A, class B>
SIM_RAW float2 sim_multiply(sim_lanes<sim_pair<A, B>> lanes, float2 sum) {
  const uint row = simdgroup_matrix<float>::sim_row(), column = simdgroup_matrix<float>::sim_column();
  const uint row_lane = row / 4 * 16 + row % 4 * 2, column_lane = column / 4 * 8 + column % 4 / 2;
#ifdef METAL_SIM_COUNTING
  ulong useful = 0;
#endif
  for (uint k = 0; k < 8; k++) {
    const vec<A, 2> left = lanes[row_lane + k / 4 * 8 + k % 4 / 2].a;
    const vec<B, 2> right = lanes[column_lane + k / 4 * 16 + k % 4 * 2].b;
    const float factor = float(k % 2 == 0 ? left.x : left.y);
    sum.x = sim_fma(factor, float(right.x), sum.x);
    sum.y = sim_fma(factor, float(right.y), sum.y);
#ifdef METAL_SIM_COUNTING
    useful += ulong(factor != 0.0f && float(right.x) != 0.0f) + ulong(factor != 0.0f && float(right.y) != 0.0f);
#endif
  }
#ifdef METAL_SIM_COUNTING
  sim_count_multiply_add(16, useful);
#endif
  return sum;
}

// d = a b + c: rounded to d's type once.
template <class D, class A, class B, class C>
SIM_INLINE void simdgroup_multiply_accumulate(simdgroup_matrix<D>& d, simdgroup_matrix<A> a, simdgroup_matrix<B> b,
                                              simdgroup_matrix<C> c) {
  const auto lanes = sim_gather(sim_pair<A, B>{a.elements, b.elements});
  if (lanes.active != 0xffffffffu) sim_report("inactive-lane", "a simdgroup matrix needs all 32 lanes");
  const float2 sum = sim_multiply<A, B>(lanes, float2{float(c.elements.x), float(c.elements.y)});
  d.elements = vec<D, 2>{D(sum.x), D(sum.y)};
}
template <class D, class A, class B>
SIM_INLINE void simdgroup_multiply(simdgroup_matrix<D>& d, simdgroup_matrix<A> a, simdgroup_matrix<B> b) {
  simdgroup_multiply_accumulate(d, a, b, make_filled_simdgroup_matrix<float>(0.0f));
}
template <class T>
SIM_INLINE simdgroup_matrix<T> operator*(simdgroup_matrix<T> a, simdgroup_matrix<T> b) {
  simdgroup_matrix<T> d;
  simdgroup_multiply(d, a, b);
  return d;
}

}  // namespace metal
using metal::simdgroup_bfloat8x8;
using metal::simdgroup_float8x8;
using metal::simdgroup_half8x8;
