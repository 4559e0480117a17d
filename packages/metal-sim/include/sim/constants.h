// Mathematical constants and limits.
#pragma once
#include "vectors.h"

#define MAXFLOAT __FLT_MAX__
#define HUGE_VALF __builtin_huge_valf()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define MAXHALF ((half)65504.0f)
#define HUGE_VALH ((half)__builtin_inff())
#define FLT_MAX __FLT_MAX__
#define FLT_MIN __FLT_MIN__
#define FLT_EPSILON __FLT_EPSILON__
#define FLT_DIG 6
#define FLT_MANT_DIG 24
#define HALF_MAX ((half)65504.0f)
#define HALF_MIN ((half)0x1p-14f)
#define HALF_EPSILON ((half)0x1p-10f)
#define CHAR_BIT 8
#define CHAR_MAX 127
#define CHAR_MIN (-128)
#define SCHAR_MAX 127
#define SCHAR_MIN (-128)
#define UCHAR_MAX 255
#define SHRT_MAX 32767
#define SHRT_MIN (-32768)
#define USHRT_MAX 65535
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 4294967295u
#define LONG_MAX 9223372036854775807l
#define LONG_MIN (-9223372036854775807l - 1)
#define ULONG_MAX 18446744073709551615ul

#define M_E_F 2.71828182845904523536028747135266250f
#define M_LOG2E_F 1.44269504088896340735992468100189214f
#define M_LOG10E_F 0.434294481903251827651128918916605082f
#define M_LN2_F 0.693147180559945309417232121458176568f
#define M_LN10_F 2.30258509299404568401799145468436421f
#define M_PI_F 3.14159265358979323846264338327950288f
#define M_PI_2_F 1.57079632679489661923132169163975144f
#define M_PI_4_F 0.785398163397448309615660845819875721f
#define M_1_PI_F 0.318309886183790671537767526745028724f
#define M_2_PI_F 0.636619772367581343075535053490057448f
#define M_2_SQRTPI_F 1.12837916709551257389615890312154517f
#define M_SQRT2_F 1.41421356237309504880168872420969808f
#define M_SQRT1_2_F 0.707106781186547524400844362104849039f
#define M_PI_H ((half)M_PI_F)
#define M_E_H ((half)M_E_F)
#define M_LN2_H ((half)M_LN2_F)
#define M_LOG2E_H ((half)M_LOG2E_F)
#define M_SQRT2_H ((half)M_SQRT2_F)

namespace metal {

template <class T>
struct numeric_limits {
  static constexpr bool is_specialized = false;
};
#define SIM_INTEGER_LIMITS(T, low, high)                            \
  template <>                                                       \
  struct numeric_limits<T> {                                        \
    static constexpr bool is_specialized = true;                    \
    static constexpr bool is_integer = true;                        \
    static constexpr bool is_exact = true;                          \
    static constexpr bool is_signed = T(-1) < T(1);                 \
    static constexpr bool has_infinity = false;                     \
    static constexpr bool has_quiet_NaN = false;                    \
    static constexpr int digits = sizeof(T) * 8 - (T(-1) < T(1));   \
    static constexpr int radix = 2;                                 \
    static constexpr T min() { return low; }                        \
    static constexpr T max() { return high; }                       \
    static constexpr T lowest() { return low; }                     \
    static constexpr T epsilon() { return 0; }                      \
    static constexpr T infinity() { return 0; }                     \
    static constexpr T quiet_NaN() { return 0; }                    \
  };
SIM_INTEGER_LIMITS(char, CHAR_MIN, CHAR_MAX)
SIM_INTEGER_LIMITS(int8_t, SCHAR_MIN, SCHAR_MAX)
SIM_INTEGER_LIMITS(uchar, 0, UCHAR_MAX)
SIM_INTEGER_LIMITS(short, SHRT_MIN, SHRT_MAX)
SIM_INTEGER_LIMITS(ushort, 0, USHRT_MAX)
SIM_INTEGER_LIMITS(int, INT_MIN, INT_MAX)
SIM_INTEGER_LIMITS(uint, 0, UINT_MAX)
SIM_INTEGER_LIMITS(long, LONG_MIN, LONG_MAX)
SIM_INTEGER_LIMITS(ulong, 0, ULONG_MAX)
template <>
struct numeric_limits<bool> {
  static constexpr bool is_specialized = true, is_integer = true, is_exact = true, is_signed = false;
  static constexpr bool has_infinity = false, has_quiet_NaN = false;
  static constexpr int digits = 1, radix = 2;
  static constexpr bool min() { return false; }
  static constexpr bool max() { return true; }
  static constexpr bool lowest() { return false; }
};
#undef SIM_INTEGER_LIMITS
#define SIM_FLOAT_LIMITS(T, mantissa, low, high, step, smallest, least, most)             \
  template <>                                                                             \
  struct numeric_limits<T> {                                                              \
    static constexpr bool is_specialized = true;                                          \
    static constexpr bool is_integer = false;                                             \
    static constexpr bool is_exact = false;                                               \
    static constexpr bool is_signed = true;                                               \
    static constexpr bool has_infinity = true;                                            \
    static constexpr bool has_quiet_NaN = true;                                           \
    static constexpr bool has_signaling_NaN = true;                                       \
    static constexpr bool is_iec559 = true;                                               \
    static constexpr int digits = mantissa;                                               \
    static constexpr int radix = 2;                                                       \
    static constexpr int min_exponent = least;                                            \
    static constexpr int max_exponent = most;                                             \
    static constexpr T min() { return T(low); }                                           \
    static constexpr T max() { return T(high); }                                          \
    static constexpr T lowest() { return T(-(high)); }                                    \
    static constexpr T epsilon() { return T(step); }                                      \
    static constexpr T round_error() { return T(0.5f); }                                  \
    static constexpr T denorm_min() { return T(smallest); }                               \
    static constexpr T infinity() { return T(__builtin_inff()); }                         \
    static constexpr T quiet_NaN() { return T(__builtin_nanf("")); }                      \
    static constexpr T signaling_NaN() { return T(__builtin_nanf("")); }                  \
  };
SIM_FLOAT_LIMITS(float, 24, __FLT_MIN__, __FLT_MAX__, __FLT_EPSILON__, __FLT_DENORM_MIN__, -125, 128)
SIM_FLOAT_LIMITS(half, 11, 0x1p-14f, 65504.0f, 0x1p-10f, 0x1p-24f, -13, 16)
SIM_FLOAT_LIMITS(bfloat, 8, 0x1p-126f, 0x1.fep127f, 0x1p-7f, 0x1p-133f, -125, 128)
#undef SIM_FLOAT_LIMITS

}  // namespace metal
