// floatCxR and halfCxR: C columns of R elements.
#pragma once
#include "relational.h"

namespace metal {

template <class T, int columns, int rows = columns>
struct matrix {
  using column_type = vec<T, rows>;
  column_type column[columns];

  matrix() = default;
  SIM_INLINE explicit matrix(T diagonal) {
    for (int c = 0; c < columns; c++) {
      column[c] = (column_type)(T(0));
      if (c < rows) column[c][c] = diagonal;
    }
  }
  template <class... V, class = enable_if_t<sizeof...(V) == columns && columns != 1 && (__is_same(V, column_type) && ...)>>
  SIM_INLINE matrix(V... v) : column{v...} {}
  template <class... S, class = enable_if_t<sizeof...(S) == columns * rows && (is_arithmetic<S>::value && ...)>, class = void>
  SIM_INLINE matrix(S... s) {
    const T values[] = {T(s)...};
    for (int c = 0; c < columns; c++)
      for (int r = 0; r < rows; r++) column[c][r] = values[c * rows + r];
  }
  template <class U>
  SIM_INLINE explicit matrix(matrix<U, columns, rows> other) {
    for (int c = 0; c < columns; c++) column[c] = __builtin_convertvector(other.column[c], column_type);
  }
  SIM_INLINE column_type& operator[](int c) { return column[c]; }
  SIM_INLINE const column_type& operator[](int c) const { return column[c]; }
};

#define SIM_MATRIX_EACH(op)                                                                         \
  template <class T, int c, int r>                                                                  \
  SIM_INLINE matrix<T, c, r> operator op(matrix<T, c, r> a, matrix<T, c, r> b) {                    \
    for (int i = 0; i < c; i++) a.column[i] = a.column[i] op b.column[i];                           \
    return a;                                                                                       \
  }                                                                                                 \
  template <class T, int c, int r>                                                                  \
  SIM_INLINE matrix<T, c, r>& operator op##=(matrix<T, c, r>& a, matrix<T, c, r> b) {               \
    return a = a op b;                                                                              \
  }
SIM_MATRIX_EACH(+)
SIM_MATRIX_EACH(-)
#undef SIM_MATRIX_EACH
template <class T, int c, int r>
SIM_INLINE matrix<T, c, r> operator*(matrix<T, c, r> a, type_identity_t<T> s) {
  for (int i = 0; i < c; i++) a.column[i] = a.column[i] * s;
  return a;
}
template <class T, int c, int r>
SIM_INLINE matrix<T, c, r> operator*(type_identity_t<T> s, matrix<T, c, r> a) {
  return a * s;
}
template <class T, int c, int r>
SIM_INLINE matrix<T, c, r>& operator*=(matrix<T, c, r>& a, type_identity_t<T> s) {
  return a = a * s;
}
template <class T, int c, int r>
SIM_INLINE vec<T, r> operator*(matrix<T, c, r> a, vec<T, c> v) {
  vec<T, r> sum = a.column[0] * v[0];
  for (int i = 1; i < c; i++) sum = sum + a.column[i] * v[i];
  return sum;
}
template <class T, int c, int r>
SIM_INLINE vec<T, c> operator*(vec<T, r> v, matrix<T, c, r> a) {
  vec<T, c> result;
  for (int i = 0; i < c; i++) result[i] = dot(v, a.column[i]);
  return result;
}
template <class T, int c, int r, int k>
SIM_INLINE matrix<T, c, r> operator*(matrix<T, k, r> a, matrix<T, c, k> b) {
  matrix<T, c, r> m;
  for (int i = 0; i < c; i++) m.column[i] = a * b.column[i];
  return m;
}
template <class T, int c, int r>
SIM_INLINE matrix<T, r, c> transpose(matrix<T, c, r> a) {
  matrix<T, r, c> m;
  for (int i = 0; i < c; i++)
    for (int j = 0; j < r; j++) m.column[j][i] = a.column[i][j];
  return m;
}
template <class T>
SIM_INLINE T determinant(matrix<T, 2, 2> a) {
  return a[0][0] * a[1][1] - a[1][0] * a[0][1];
}
template <class T>
SIM_INLINE T determinant(matrix<T, 3, 3> a) {
  return dot(a.column[0], cross(a.column[1], a.column[2]));
}
template <class T>
SIM_INLINE T determinant(matrix<T, 4, 4> a) {
  T sum = 0;
  for (int i = 0; i < 4; i++) {
    matrix<T, 3, 3> minor;
    for (int c = 1; c < 4; c++)
      for (int r = 0, at = 0; r < 4; r++)
        if (r != i) minor.column[c - 1][at++] = a.column[c][r];
    sum += (i % 2 == 0 ? T(1) : T(-1)) * a.column[0][i] * determinant(minor);
  }
  return sum;
}

}  // namespace metal

#define SIM_MATRICES(T)                             \
  using T##2x2 = metal::matrix<T, 2, 2>;            \
  using T##2x3 = metal::matrix<T, 2, 3>;            \
  using T##2x4 = metal::matrix<T, 2, 4>;            \
  using T##3x2 = metal::matrix<T, 3, 2>;            \
  using T##3x3 = metal::matrix<T, 3, 3>;            \
  using T##3x4 = metal::matrix<T, 3, 4>;            \
  using T##4x2 = metal::matrix<T, 4, 2>;            \
  using T##4x3 = metal::matrix<T, 4, 3>;            \
  using T##4x4 = metal::matrix<T, 4, 4>;            \
  namespace metal {                                 \
  using ::T##2x2;                                   \
  using ::T##2x3;                                   \
  using ::T##2x4;                                   \
  using ::T##3x2;                                   \
  using ::T##3x3;                                   \
  using ::T##3x4;                                   \
  using ::T##4x2;                                   \
  using ::T##4x3;                                   \
  using ::T##4x4;                                   \
  }
SIM_MATRICES(float)
SIM_MATRICES(half)
#undef SIM_MATRICES
