// The lanes of simd.h in AVX2 and FMA: eight.
#pragma once

namespace ember {
namespace EMBER_LEVEL {
namespace raw {

// One instruction, and -0.0 stays -0.0: `floats{} + value` would add.
EMBER_INLINE floats splat(float value) { return (floats)_mm256_set1_ps(value); }
EMBER_INLINE doubles splat(double value) { return (doubles)_mm256_set1_pd(value); }
template <int k>
EMBER_INLINE floats splat_of_four(const float* from) {
  return (floats)_mm256_permute_ps(_mm256_broadcast_ps((const __m128*)from), k * 0x55);
}
template <int count>
EMBER_INLINE floats repeat(const float* from) {
  static_assert(count == 2 || count == 4, "two or four");
  const __m256i which =
      count == 2 ? _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3) : _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  const __m128 some = count == 2 ? _mm_loadu_ps(from) : _mm_castpd_ps(_mm_load_sd((const double*)from));
  return (floats)_mm256_permutevar8x32_ps(_mm256_castps128_ps256(some), which);
}
EMBER_INLINE floats swap_halves(floats x) { return (floats)_mm256_permute2f128_ps(x, x, 1); }
EMBER_INLINE floats swap_quarters(floats x) { return (floats)_mm256_permute_ps(x, 0x4e); }
EMBER_INLINE ints iota() { return ints{0, 1, 2, 3, 4, 5, 6, 7}; }
EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
  *high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = (longs)_mm256_cvtepi32_epi64(_mm256_castsi256_si128((__m256i)mask));
  *high = (longs)_mm256_cvtepi32_epi64(_mm256_extracti128_si256((__m256i)mask, 1));
}
EMBER_INLINE floats narrow(doubles low, doubles high) {
  return (floats)_mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
}
EMBER_INLINE floats select(ints mask, floats a, floats b) {
  return (floats)_mm256_blendv_ps(b, a, (__m256)mask);
}
EMBER_INLINE floats min(floats a, floats b) { return (floats)_mm256_min_ps(a, b); }
EMBER_INLINE floats max(floats a, floats b) { return (floats)_mm256_max_ps(a, b); }
EMBER_INLINE bool any(ints mask) { return _mm256_movemask_ps((__m256)mask) != 0; }
EMBER_INLINE unsigned bits(ints mask) { return (unsigned)_mm256_movemask_ps((__m256)mask); }
EMBER_INLINE floats floor(floats x) { return (floats)_mm256_floor_ps(x); }
EMBER_INLINE floats sqrt(floats x) { return (floats)_mm256_sqrt_ps(x); }
EMBER_INLINE floats fma(floats a, floats b, floats c) { return (floats)_mm256_fmadd_ps(a, b, c); }

}  // namespace raw
}  // namespace EMBER_LEVEL
}  // namespace ember
