// The lanes of simd.h in AVX-512 (F, VL, DQ and BW): sixteen.
#pragma once

namespace ember {
namespace EMBER_LEVEL {
namespace raw {

EMBER_INLINE floats splat(float value) { return (floats)_mm512_set1_ps(value); }
EMBER_INLINE doubles splat(double value) { return (doubles)_mm512_set1_pd(value); }
template <int k>
EMBER_INLINE floats splat_of_four(const float* from) {
  return (floats)_mm512_permute_ps(_mm512_broadcast_f32x4(_mm_loadu_ps(from)), k * 0x55);
}
template <int count>
EMBER_INLINE floats repeat(const float* from) {
  static_assert(count == 4 || count == 8, "four or eight");
  const __m512i which = count == 4 ? _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
                                   : _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m128 some = count == 4 ? _mm_loadu_ps(from) : _mm_castpd_ps(_mm_load_sd((const double*)from));
  return (floats)_mm512_permutexvar_ps(which, _mm512_castps128_ps512(some));
}
EMBER_INLINE floats low_halves(floats a, floats b) { return (floats)_mm512_shuffle_f32x4(a, b, 0x44); }
EMBER_INLINE floats swap_halves(floats x) { return (floats)_mm512_shuffle_f32x4(x, x, 0x4e); }
EMBER_INLINE floats swap_quarters(floats x) { return (floats)_mm512_shuffle_f32x4(x, x, 0xb1); }
EMBER_INLINE floats high_halves(floats a, floats b) { return (floats)_mm512_shuffle_f32x4(a, b, 0xee); }
EMBER_INLINE ints iota() { return ints{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }
EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = (doubles)_mm512_cvtps_pd(_mm512_castps512_ps256(x));
  *high = (doubles)_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = (longs)_mm512_cvtepi32_epi64(_mm512_castsi512_si256((__m512i)mask));
  *high = (longs)_mm512_cvtepi32_epi64(_mm512_extracti32x8_epi32((__m512i)mask, 1));
}
EMBER_INLINE floats narrow(doubles low, doubles high) {
  return (floats)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
}
// The compiler keeps the mask of a comparison in a mask register where it meets it here.
EMBER_INLINE floats select(ints mask, floats a, floats b) { return mask ? a : b; }
EMBER_INLINE floats min(floats a, floats b) { return (floats)_mm512_min_ps(a, b); }
EMBER_INLINE floats max(floats a, floats b) { return (floats)_mm512_max_ps(a, b); }
EMBER_INLINE bool any(ints mask) { return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0; }
EMBER_INLINE unsigned bits(ints mask) { return _mm512_movepi32_mask((__m512i)mask); }
EMBER_INLINE floats floor(floats x) {
  return (floats)_mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
EMBER_INLINE floats sqrt(floats x) { return (floats)_mm512_sqrt_ps(x); }
EMBER_INLINE floats fma(floats a, floats b, floats c) { return (floats)_mm512_fmadd_ps(a, b, c); }

}  // namespace raw
}  // namespace EMBER_LEVEL
}  // namespace ember
