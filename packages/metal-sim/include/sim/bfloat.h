// What clang calls to round to bfloat, and older libgcc lacks.
#pragma once
#include "base.h"

extern "C" __attribute__((used, weak, visibility("hidden"), noinline)) SIM_NO_CHECKS bfloat __truncsfbf2(float value) {
  uint bits = __builtin_bit_cast(uint, value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) bits |= 0x400000u;
  else bits += 0x7fffu + ((bits >> 16) & 1u);
  return __builtin_bit_cast(bfloat, ushort(bits >> 16));
}
