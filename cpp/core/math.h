// Elementary functions on vfloat, bit-identical on every SIMD level: only + - * / fma, sqrt, conversions and
// integer operations. NaN gives NaN, infinities and zeros are right, subnormals are handled. The maximum
// errors stated are held by tests/core/test_math.py (against float64, on every level). Constants:
// cpp/core/fit_math.py.
//
// The overloads for double at the end are the C library's (environments in double agree with gymnasium's
// numpy).
#pragma once

#include "core/simd.h"

namespace ember {
namespace EMBER_LEVEL {

namespace math_detail {

// The nearest integer, as a float and in the low bits of `bits`. Range: |x| < 2^22.
EMBER_INLINE vfloat nearest(vfloat x, vint* bits) {
  const vfloat shifted = x + 0x1.8p23f;
  *bits = as_int(shifted);
  return shifted - 0x1.8p23f;
}

// 2^n for the integer in the low bits of n. Range: -126 <= n <= 127.
EMBER_INLINE vfloat power_of_two(vint n) { return as_float((n << 23) + 0x3f800000); }

// expm1(r) for |r| <= ln(2) / 2, as r + r^2 p(r).
EMBER_INLINE vfloat expm1_small(vfloat r) {
  vfloat p = fma(vfloat(0x1.a072c4p-13f), r, vfloat(0x1.6d42dap-10f));
  p = fma(p, r, vfloat(0x1.11114cp-7f));
  p = fma(p, r, vfloat(0x1.5554eap-5f));
  p = fma(p, r, vfloat(0x1.555556p-3f));
  p = fma(p, r, vfloat(0.5f));
  return fma(p, r * r, r);
}

// x - n ln 2 with n the integer nearest to x / ln 2.
EMBER_INLINE vfloat reduce(vfloat x, vint* n) {
  const vfloat whole = nearest(x * 0x1.715476p+0f, n);
  return fma(whole, vfloat(0x1.05c610p-29f), fma(whole, vfloat(-0x1.62e430p-1f), x));
}

// n ln 2 + log1p(f) for f in [sqrt(1/2) - 1, sqrt(2) - 1].
EMBER_INLINE vfloat log_parts(vfloat n, vfloat f) {
  vfloat p = fma(vfloat(-0x1.3ea808p-4f), f, vfloat(0x1.05b81ap-3f));
  p = fma(p, f, vfloat(-0x1.0c94e0p-3f));
  p = fma(p, f, vfloat(0x1.22bb7ep-3f));
  p = fma(p, f, vfloat(-0x1.548598p-3f));
  p = fma(p, f, vfloat(0x1.99a238p-3f));
  p = fma(p, f, vfloat(-0x1.00020cp-2f));
  p = fma(p, f, vfloat(0x1.555550p-2f));
  p = fma(p, f, vfloat(-0x1.fffffep-2f));
  return fma(n, vfloat(0x1.62e430p-1f), f + fma(f * f, p, n * -0x1.05c610p-29f));
}

// Exponent n and significand - 1 in [sqrt(1/2) - 1, sqrt(2) - 1] of a positive normal number.
EMBER_INLINE vfloat split(vfloat x, vfloat* n) {
  const vint shifted = as_int(x) - 0x3f3504f3;  // the bits of sqrt(1/2)
  *n = to_float(shifted >> 23);
  return as_float((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
}

// Sine and cosine of r = x - j pi / 2, |r| <= pi / 4 and a little; NaN outside |x| <= 2^18.
struct Turn {
  vfloat sine, cosine;
  vint quarter;
};
EMBER_INLINE Turn turn(vfloat x) {
  Turn t;
  const vfloat inside = select(abs(x) <= 0x1p18f, x, as_float(vint(0x7fc00000)));
  const vfloat j = nearest(inside * 0x1.45f306p-1f, &t.quarter);
  vfloat r = fma(j, vfloat(-0x1.921fb6p+0f), inside);
  r = fma(j, vfloat(0x1.777a5cp-25f), r);
  r = fma(j, vfloat(0x1.ee59dap-50f), r);
  const vfloat z = r * r;
  vfloat s = fma(vfloat(-0x1.9ac692p-13f), z, vfloat(0x1.110c22p-7f));
  s = fma(s, z, vfloat(-0x1.555552p-3f));
  t.sine = fma(s * z, r, r);
  vfloat c = fma(vfloat(0x1.9bd6c8p-16f), z, vfloat(-0x1.6c12cep-10f));
  c = fma(c, z, vfloat(0x1.555554p-5f));
  t.cosine = fma(c, z * z, fma(z, vfloat(-0.5f), vfloat(1.0f)));
  return t;
}

}  // namespace math_detail

// e^x. Error: 1.0 ULP (of the result, here and below). Range: all; above 88.72 infinity, subnormal results
// below -87.33, 0 below -103.97.
EMBER_INLINE vfloat exp(vfloat x) {
  using namespace math_detail;
  vint n;
  const vfloat r = reduce(max(vfloat(-105.0f), min(vfloat(90.0f), x)), &n);
  const vint whole = ((n & 0x3ff) ^ 0x200) - 0x200;  // sign-extended
  const vint half = whole >> 1;
  return (expm1_small(r) + 1.0f) * power_of_two(half) * power_of_two(whole - half);
}

// e^x - 1. Error: 1.5 ULP. Range: all.
EMBER_INLINE vfloat expm1(vfloat x) {
  using namespace math_detail;
  vint n;
  const vfloat bounded = max(vfloat(-18.0f), min(vfloat(88.8f), x));
  const vfloat r = reduce(bounded, &n);
  const vint whole = ((n & 0x3ff) ^ 0x200) - 0x200;
  const vfloat scale = power_of_two(whole - 1);  // half of 2^n, which may be beyond the largest float
  const vfloat y = fma(scale, expm1_small(r), scale - 0.5f) * 2.0f;
  return select(x == 0.0f, x, y);  // keeps the sign of zero
}

// Natural logarithm. Error: 1.0 ULP. Range: all; log(0) = -infinity, NaN below zero.
EMBER_INLINE vfloat log(vfloat x) {
  using namespace math_detail;
  const vmask tiny = x < 0x1p-126f;
  vfloat n;
  const vfloat f = split(select(tiny, x * 0x1p25f, x), &n);
  const vfloat y = log_parts(select(tiny, n - 25.0f, n), f);
  const vfloat infinity = as_float(vint(0x7f800000));
  const vfloat special =
      select(x == 0.0f, -infinity, select(x == infinity, x, x - x + as_float(vint(0x7fc00000))));
  return select((x > 0.0f) & (x < infinity), y, special);
}

// log(1 + x). Error: 2 ULP. Range: all; log1p(-1) = -infinity, NaN below -1.
EMBER_INLINE vfloat log1p(vfloat x) {
  const vfloat u = 1.0f + x;
  const vfloat lost =
      x - (u - 1.0f);  // what rounding u took away, exactly, unless x is huge and it does not matter
  const vfloat y = log(u) + lost / u;
  return select((u > 0.0f) & (abs(x) < 0x1p30f), select(x == 0.0f, x, y), log(u));
}

// Hyperbolic tangent, a rational function of degree 9 / 8. Error: 5.5 ULP (most near +-1). Range: all; never
// beyond +-1.
EMBER_INLINE void tanh_quotient(vfloat x, vfloat* above, vfloat* below) {
  const vfloat z = x * x;
  vfloat p = fma(vfloat(0x1.c9a230p-27f), z, vfloat(0x1.59548ap-16f));
  p = fma(p, z, vfloat(0x1.c9f7eep-9f));
  p = fma(p, z, vfloat(0x1.120436p-3f));
  p = fma(p, z, vfloat(1.0f));
  vfloat q = fma(vfloat(0x1.a0b6e8p-21f), z, vfloat(0x1.584152p-12f));
  q = fma(q, z, vfloat(0x1.a7def6p-6f));
  q = fma(q, z, vfloat(0x1.de5764p-2f));
  q = fma(q, z, vfloat(1.0f));
  *above = x * p;
  *below = q;
}
EMBER_INLINE vfloat tanh(vfloat x) {
  vfloat above, below;
  tanh_quotient(max(vfloat(-9.02f), min(vfloat(9.02f), x)), &above, &below);
  return max(vfloat(-1.0f), min(vfloat(1.0f), above / below));
}
// The same bits sooner, by more instructions: for a result that all else waits for. What tanh() bounds before and after
// the quotient is decided beside it.
EMBER_INLINE vfloat tanh_soon(vfloat x) {
  vfloat above, below;
  tanh_quotient(x, &above, &below);
  const vmask far = abs(x) > 9.02f;
  const vfloat most = select(far, vfloat(0x1.fffffep-1f), vfloat(1.0f));  // the first is tanh(9.02f)
  return select(far | (abs(above) > below), copysign(most, x), above / below);
}

// Error function, a rational function of degree 11 / 10. Error: 6 ULP (most near +-1). Range: all; never
// beyond +-1.
EMBER_INLINE vfloat erf(vfloat x) {
  const vfloat b = max(vfloat(-3.93f), min(vfloat(3.93f), x));
  const vfloat z = b * b;
  vfloat p = fma(vfloat(0x1.1211e6p-19f), z, vfloat(0x1.2aa400p-12f));
  p = fma(p, z, vfloat(0x1.ef63b4p-9f));
  p = fma(p, z, vfloat(0x1.b074aep-5f));
  p = fma(p, z, vfloat(0x1.86b8aap-3f));
  p = fma(p, z, vfloat(0x1.20dd74p+0f));
  vfloat q = fma(vfloat(0x1.3ecd00p-15f), z, vfloat(0x1.31728ap-10f));
  q = fma(q, z, vfloat(0x1.eb6e30p-7f));
  q = fma(q, z, vfloat(0x1.d3fedep-4f));
  q = fma(q, z, vfloat(0x1.013bb6p-1f));
  q = fma(q, z, vfloat(1.0f));
  return max(vfloat(-1.0f), min(vfloat(1.0f), b * p / q));
}

// The larger of x and 0. NaN stays.
EMBER_INLINE vfloat relu(vfloat x) { return max(vfloat(0.0f), x); }

// 1 / (1 + e^-x). Error: 2.5 ULP. Range: all; subnormal results below -87.33.
EMBER_INLINE vfloat sigmoid(vfloat x) {
  const vfloat e = exp(-abs(x));
  return select(x < 0.0f, e, vfloat(1.0f)) / (1.0f + e);
}

// log(1 + e^x). Error: 2.5 ULP. Range: all.
EMBER_INLINE vfloat softplus(vfloat x) {
  const vfloat e = exp(-abs(x));
  const vfloat u = 1.0f + e;  // in [1, 2], so log1p(e) needs none of its special cases
  vfloat n;
  const vfloat f = math_detail::split(u, &n);
  return max(vfloat(0.0f), x) + (math_detail::log_parts(n, f) + (e - (u - 1.0f)) / u);
}

// x above zero, e^x - 1 below. Error: 1.5 ULP. Range: all.
EMBER_INLINE vfloat elu(vfloat x) { return select(x > 0.0f, x, expm1(x)); }

// x (1 + erf(x / sqrt 2)) / 2, the exact form. Error: 2.5e-7 max(1, |x|), absolute (below -1 the sum
// cancels). Range: all; -0 below -6.
EMBER_INLINE vfloat gelu(vfloat x) {
  const vfloat y = 0.5f * x * (1.0f + erf(x * 0x1.6a09e6p-1f));
  return select(x < -6.0f, vfloat(-0.0f), y);  // -infinity times zero must not be
}

// Sine. Error: 1.6 ULP. Range: |x| <= 2^18, else NaN (few digits of such an angle are left to turn by).
EMBER_INLINE vfloat sin(vfloat x) {
  const math_detail::Turn t = math_detail::turn(x);
  const vfloat y = select((t.quarter & 1) == 0, t.sine, t.cosine);
  return select(x == 0.0f, x, as_float(as_int(y) ^ ((t.quarter & 2) << 30)));  // keeps the sign of zero
}

// Cosine. Error: 1.6 ULP. Range: |x| <= 2^18, else NaN.
EMBER_INLINE vfloat cos(vfloat x) {
  const math_detail::Turn t = math_detail::turn(x);
  const vfloat y = select((t.quarter & 1) == 0, t.cosine, t.sine);
  return as_float(as_int(y) ^ (((t.quarter + 1) & 2) << 30));
}

// ------------------------------------------------------------------------------------------------- double

EMBER_INLINE double sin(double x) { return __builtin_sin(x); }
EMBER_INLINE double cos(double x) { return __builtin_cos(x); }

}  // namespace EMBER_LEVEL
}  // namespace ember
