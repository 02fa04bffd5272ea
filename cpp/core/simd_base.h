// The lanes of simd.h with what every processor has: SSE2, or the compiler's own vectors where there is none. Four.
#pragma once

#include "core/simd_four.h"

namespace ember {
namespace EMBER_LEVEL {
namespace raw {

#if defined(EMBER_SIMD_SSE2)

EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = _mm_cvtps_pd(x);
  *high = _mm_cvtps_pd(_mm_movehl_ps(x, x));
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = (longs)_mm_unpacklo_epi32((__m128i)mask, (__m128i)mask);
  *high = (longs)_mm_unpackhi_epi32((__m128i)mask, (__m128i)mask);
}
EMBER_INLINE floats narrow(doubles low, doubles high) {
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
EMBER_INLINE floats min(floats a, floats b) { return _mm_min_ps(a, b); }
EMBER_INLINE floats max(floats a, floats b) { return _mm_max_ps(a, b); }
EMBER_INLINE bool any(ints mask) { return _mm_movemask_ps((__m128)mask) != 0; }
EMBER_INLINE unsigned bits(ints mask) { return (unsigned)_mm_movemask_ps((__m128)mask); }
EMBER_INLINE floats sqrt(floats x) { return _mm_sqrt_ps(x); }

// a * b + c for two lanes as the double that, rounded once more to float32, gives the exactly rounded result:
// the product of two floats is exact in double, and the sum is rounded to odd (Boldo and Melquiond 2008),
// which keeps the later rounding from being misled by a tie.
EMBER_INLINE __m128d fma_to_odd(__m128d a, __m128d b, __m128d c) {
  const __m128d product = _mm_mul_pd(a, b);
  const __m128d sum = _mm_add_pd(product, c);
  const __m128d part = _mm_sub_pd(sum, product);
  const __m128d error = _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, part)), _mm_sub_pd(c, part));
  const __m128d zero = _mm_setzero_pd();
  const __m128d inexact = _mm_or_pd(_mm_cmplt_pd(error, zero), _mm_cmpgt_pd(error, zero));  // false for NaN
  const __m128i one = _mm_set_epi32(0, 1, 0, 1);
  const __m128i sum_bits = _mm_castpd_si128(sum);
  // An even sum that is inexact moves one step: away from zero where the error has the sum's sign, else
  // towards it.
  const __m128i even = _mm_andnot_si128(sum_bits, _mm_and_si128(_mm_castpd_si128(inexact), one));
  const __m128i opposite = _mm_srli_epi64(_mm_xor_si128(sum_bits, _mm_castpd_si128(error)), 63);
  const __m128i back = _mm_and_si128(even, opposite);
  return _mm_castsi128_pd(_mm_sub_epi64(_mm_add_epi64(sum_bits, even), _mm_add_epi64(back, back)));
}
EMBER_INLINE floats fma(floats a, floats b, floats c) {
  doubles a_low, a_high, b_low, b_high, c_low, c_high;
  widen(a, &a_low, &a_high);
  widen(b, &b_low, &b_high);
  widen(c, &c_low, &c_high);
  return narrow(fma_to_odd(a_low, b_low, c_low), fma_to_odd(a_high, b_high, c_high));
}

#else

EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = doubles{x[0], x[1]};
  *high = doubles{x[2], x[3]};
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = longs{mask[0], mask[1]};
  *high = longs{mask[2], mask[3]};
}
EMBER_INLINE floats narrow(doubles low, doubles high) {
  return floats{(float)low[0], (float)low[1], (float)high[0], (float)high[1]};
}
EMBER_INLINE floats min(floats a, floats b) { return select(a < b, a, b); }
EMBER_INLINE floats max(floats a, floats b) { return select(a > b, a, b); }
EMBER_INLINE bool any(ints mask) { return (mask[0] | mask[1] | mask[2] | mask[3]) != 0; }
EMBER_INLINE unsigned bits(ints mask) {
  return (mask[0] & 1u) | (mask[1] & 2u) | (mask[2] & 4u) | (mask[3] & 8u);
}
EMBER_INLINE floats sqrt(floats x) {
  floats root;
  for (int lane = 0; lane < lanes; ++lane) root[lane] = __builtin_sqrtf(x[lane]);
  return root;
}
EMBER_INLINE floats fma(floats a, floats b, floats c) {
  floats result;
  for (int lane = 0; lane < lanes; ++lane) result[lane] = __builtin_fmaf(a[lane], b[lane], c[lane]);
  return result;
}

#endif

EMBER_INLINE floats floor(floats x) {
  const ints magnitude = (ints)x & 0x7fffffff;
  const ints small = (floats)magnitude < splat(8388608.0f);  // from 2^23 on all floats are whole
  const floats inside = select(small, x, splat(0.0f));
  const floats whole = __builtin_convertvector(__builtin_convertvector(inside, ints), floats);
  const floats below = whole - select(whole > inside, splat(1.0f), splat(0.0f));
  const floats with_sign = (floats)(((ints)below & 0x7fffffff) | ((ints)x & INT32_MIN));
  return select(small, with_sign, x);
}

}  // namespace raw
}  // namespace EMBER_LEVEL
}  // namespace ember
