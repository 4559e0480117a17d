// The manifest's expressions in C++: integers within ±(2^53 - 1), as TypeScript evaluates them. A result outside, or a division by
// zero, clears `exact` and gives 0.
#ifndef METAL_FP4_ARITHMETIC_H
#define METAL_FP4_ARITHMETIC_H

#include <stdint.h>

struct Arithmetic {
  bool exact = true;

  int64_t add(int64_t x, int64_t y) { return keep(x + y); }
  int64_t sub(int64_t x, int64_t y) { return keep(x - y); }
  int64_t mul(int64_t x, int64_t y) {
    int64_t product = 0;
    return __builtin_mul_overflow(x, y, &product) ? lose() : keep(product);
  }
  int64_t div(int64_t x, int64_t y) { return y == 0 ? lose() : x / y; }
  int64_t mod(int64_t x, int64_t y) { return y == 0 ? lose() : x % y; }
  int64_t ceil_div(int64_t x, int64_t y) { return y == 0 ? lose() : keep(x / y + (x % y > 0)); }
  int64_t align(int64_t x, int64_t y) { return mul(ceil_div(x, y), y); }
  int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
  int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }

 private:
  static constexpr int64_t limit = (int64_t{1} << 53) - 1;

  int64_t keep(int64_t value) { return value > limit || value < -limit ? lose() : value; }
  int64_t lose() {
    exact = false;
    return 0;
  }
};

#endif
