// The C library's sines and cosines of many angles, bit for bit, in vector instructions and mostly without calling it.
//
// A library whose result is less than 0.53 units in the last place away from the exact value has only one number to
// give, unless the exact value lies within 0.03 units of the middle between two doubles. So both are computed to some
// 65 bits, as a double and what it lacks; where the exact value is too near the middle, which is so for one angle in
// eight, and for large angles, the library is asked. glibc keeps that bound for angles up to `reach`: before 2.28 it
// rounded correctly, since then it states 0.501 for sines below 0.126 and 0.518 above. (Largest found among 256,000
// angles: sine 0.5147, cosine 0.5007.) Of other libraries no such bound is known, so they are always asked.
#pragma once

#include "core/simd.h"

namespace ember {
namespace EMBER_LEVEL {

// A double and what it lacks, less than half a unit of its last place.
struct Rounded {
  double value, rest;
  // Whether a number up to 0.03 units in the last place from the exact one rounds to `value`; 0.001 is for our own errors.
  EMBER_INLINE bool sure() const { return value + (0.5 / (0.5 - 0.031)) * rest == value; }
};

// large + small, where large is not the smaller of the two.
EMBER_INLINE Rounded rounded_sum(double large, double small) {
  const double value = large + small;
  return {value, (large - value) + small};
}

// The rests of Taylor's series are below 1e-4 units in the last place for |x| <= 1/4.
EMBER_INLINE Rounded sine_of_small(double x, double square, double square_low) {
  constexpr double sixth = -1.0 / 6.0, sixth_low = -9.25185853854297e-18;  // -1/6 is their sum
  const double cube = square * x, cube_low = fma(square, x, -cube) + square_low * x;
  const double third = cube * sixth;
  const double third_low = fma(cube, sixth, -third) + (cube * sixth_low + cube_low * sixth);
  double sum = fma(square, 1.0 / 6227020800.0, -1.0 / 39916800.0);
  sum = fma(sum, square, 1.0 / 362880.0);
  sum = fma(sum, square, -1.0 / 5040.0);
  sum = fma(sum, square, 1.0 / 120.0);
  const Rounded first = rounded_sum(x, third);
  return rounded_sum(first.value, first.rest + fma(cube * square, sum, third_low));
}
EMBER_INLINE Rounded cosine_of_small(double square, double square_low) {
  double sum = fma(square, 1.0 / 479001600.0, -1.0 / 3628800.0);
  sum = fma(sum, square, 1.0 / 40320.0);
  sum = fma(sum, square, -1.0 / 720.0);
  sum = fma(sum, square, 1.0 / 24.0);
  const Rounded first = rounded_sum(1.0, -0.5 * square);
  return rounded_sum(first.value, fma(square * square, sum, fma(-0.5, square_low, first.rest)));
}

// Of up to `most` angles.
template <int most>
EMBER_INLINE void library_sin_cos(const double* angles, int count, double* sines, double* cosines) {
#if defined(__GLIBC__) && !defined(EMBER_SIMD_SSE2)
  constexpr double reach = 0.25;
  double ask[most];
  for (int i = 0; i < count; ++i) {
    const double x = angles[i], square = x * x, square_low = fma(x, x, -square);
    const Rounded sine = sine_of_small(x, square, square_low);
    const Rounded cosine = cosine_of_small(square, square_low);
    sines[i] = sine.value;
    cosines[i] = cosine.value;
    ask[i] = sine.sure() & cosine.sure() & (__builtin_fabs(x) < reach) ? 0.0 : 1.0;
  }
  int asked[most], left = 0;  // gathered first: a branch an angle would be guessed wrong too often
  for (int i = 0; i < count; ++i) {
    asked[left] = i;
    left += ask[i] != 0.0;
  }
#else
  int asked[most], left = 0;
  for (int i = 0; i < count; ++i) asked[left++] = i;
#endif
  for (int k = 0; k < left; ++k) {
    const int i = asked[k];
    sines[i] = __builtin_sin(angles[i]);
    cosines[i] = __builtin_cos(angles[i]);
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
