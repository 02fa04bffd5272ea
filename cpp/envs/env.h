// What a built-in environment is: one header with one struct template over its number type.
//
//   template <class T> struct Name {
//     static constexpr int states, observations, uniforms;
//     static constexpr int actions;               // numbers handed to step: 1 if discrete
//     static constexpr EnvDescription description;
//     explicit Name(const double* constants);     // values of description.parameters
//     void reset(T* state, const T* u) const;     // u: `uniforms` numbers in [0, 1)
//     void observe(const T* state, T* observation) const;
//     void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const;
//   };
//
// T = vfloat: float32 lanes, for training. T = double: gymnasium's arithmetic, operation by operation; where
// gymnasium rounds to float32 on the way the header calls as_float32, which does nothing to lanes. The time
// limit and the clipping of actions belong to the caller. Plain arithmetic and the functions of math.h only:
// no containers, no exceptions; the caller owns the state.
#pragma once

#include "core/math.h"
#include "envs/description.h"

namespace ember {
namespace EMBER_LEVEL {

EMBER_INLINE vfloat as_float32(vfloat x) { return x; }
EMBER_INLINE double as_float32(double x) { return (double)(float)x; }

// numpy's uniform(low, high) from u in [0, 1).
template <class T>
EMBER_INLINE T from_uniform(const EnvStart& start, T u) {
  return T(start.low) + T(start.high - start.low) * u;
}

// x / d where d is a constant: exact for double, a multiplication for lanes.
template <class T>
struct Divisor {
  T value, inverse;
  EMBER_INLINE explicit Divisor(double d) : value(d), inverse(1.0 / d) {}
};
EMBER_INLINE vfloat operator/(vfloat x, const Divisor<vfloat>& d) { return x * d.inverse; }
EMBER_INLINE double operator/(double x, const Divisor<double>& d) { return x / d.value; }

// numpy's scalar x ** 2 is the C library's pow, which is not always x * x; the barrier keeps the compiler
// from turning one into the other.
EMBER_INLINE vfloat power2(vfloat x) { return x * x; }
EMBER_INLINE double power2(double x) {
  double two = 2.0;
  __asm__ volatile("" : "+m"(two));
  return __builtin_pow(x, two);
}
EMBER_INLINE vfloat power2_float32(vfloat x) { return x * x; }
EMBER_INLINE double power2_float32(double x) {
  float two = 2.0f;
  __asm__ volatile("" : "+m"(two));
  return (double)__builtin_powf((float)x, two);
}

// Both of one angle, which the C library does in little more than the time of one.
template <class T>
EMBER_INLINE void sin_cos(T x, T* sine, T* cosine) {
  *sine = sin(x);
  *cosine = cos(x);
}

// numpy.clip; NaN stays NaN.
template <class T>
EMBER_INLINE T clip(T x, T low, T high) {
  return min(high, max(low, x));
}

constexpr double pi = 3.14159265358979323846;

// x brought into [-pi, pi): Python's ((x + pi) % (2 pi)) - pi.
EMBER_INLINE vfloat wrap_angle(vfloat x) {
  const vfloat turns = floor((x + pi) * (0.5 / pi));
  return fma(turns, vfloat(-6.28125f), x) - turns * vfloat(2.0 * pi - 6.28125);
}
EMBER_INLINE double wrap_angle(double x) {
  double r = __builtin_fmod(x + pi, 2.0 * pi);
  if (r < 0.0) r += 2.0 * pi;
  return r - pi;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
