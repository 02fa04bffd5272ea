// Lanes: a few native vector types with ordinary operators, so that one kernel source compiles for every SIMD
// level, and one environment header compiles for float lanes and for double (scalar overloads at the end of
// this file).
//
// Only for *_kernels.cpp and headers they include: everything lives in ember::EMBER_LEVEL and is always
// inlined. Every function gives the same bits on every level (NaN payloads aside), except where a range is
// stated.
//
//   vfloat        `lanes` float32         vint, vuint   `lanes` 32-bit integers (wrap on overflow)
//   vdouble       `lanes` float64 as two native vectors, for accumulation
//   vmask = vint  the result of a comparison: all bits set where true, else zero. Combine with & | ! (which
//                 are also right for the bools of doubles), use with select, any, all.
//
// Numbers mix in freely: 2 * x, x + 0.5 (rounded to float32 once), vfloat(9.8).
#pragma once

#include <cstdint>
#include <cstring>

#ifndef EMBER_LEVEL
#error "simd.h is for *_kernels.cpp, which CMake compiles with EMBER_LEVEL set"
#endif

#if defined(__AVX2__) && defined(__FMA__)
#define EMBER_SIMD_AVX2 1
#include <immintrin.h>
#elif defined(__aarch64__)
#define EMBER_SIMD_NEON 1
#include <arm_neon.h>
#elif defined(__SSE2__)
#define EMBER_SIMD_SSE2 1
#include <emmintrin.h>
#endif

#define EMBER_INLINE __attribute__((always_inline)) inline
// After the parameters of a lambda. A loop over accumulators that is not inlined keeps them in memory.
#define EMBER_INLINE_LAMBDA __attribute__((always_inline))

namespace ember {
namespace EMBER_LEVEL {

#if defined(EMBER_SIMD_AVX2)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

namespace raw {
typedef float floats __attribute__((vector_size(4 * lanes)));
typedef std::int32_t ints __attribute__((vector_size(4 * lanes)));
typedef std::uint32_t uints __attribute__((vector_size(4 * lanes)));
typedef double doubles __attribute__((vector_size(4 * lanes)));  // half as many lanes

template <class To, class From>
EMBER_INLINE To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  return (To)from;
}
template <class T>
EMBER_INLINE T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
// One instruction, and -0.0 stays -0.0: `floats{} + value` would add.
EMBER_INLINE floats splat(float value) {
#if defined(EMBER_SIMD_AVX2)
  return (floats)_mm256_set1_ps(value);
#else
  return floats{value, value, value, value};
#endif
}
EMBER_INLINE doubles splat(double value) {
#if defined(EMBER_SIMD_AVX2)
  return (doubles)_mm256_set1_pd(value);
#else
  return doubles{value, value};
#endif
}
}  // namespace raw

// ---------------------------------------------------------------------------------------------------- types

struct vint {
  raw::ints v;
  vint() = default;
  EMBER_INLINE vint(raw::ints value) : v(value) {}
  EMBER_INLINE vint(std::int32_t value) : v(raw::ints{} + value) {}
  EMBER_INLINE std::int32_t operator[](int lane) const { return v[lane]; }

  friend EMBER_INLINE vint operator+(vint a, vint b) { return a.wrap(a.u() + b.u()); }
  friend EMBER_INLINE vint operator-(vint a, vint b) { return a.wrap(a.u() - b.u()); }
  friend EMBER_INLINE vint operator*(vint a, vint b) { return a.wrap(a.u() * b.u()); }
  friend EMBER_INLINE vint operator-(vint a) { return a.wrap(-a.u()); }
  friend EMBER_INLINE vint operator&(vint a, vint b) { return a.v & b.v; }
  friend EMBER_INLINE vint operator|(vint a, vint b) { return a.v | b.v; }
  friend EMBER_INLINE vint operator^(vint a, vint b) { return a.v ^ b.v; }
  friend EMBER_INLINE vint operator~(vint a) { return ~a.v; }
  friend EMBER_INLINE vint operator!(vint a) { return a.v == 0; }
  friend EMBER_INLINE vint operator<<(vint a, int count) { return a.wrap(a.u() << count); }
  friend EMBER_INLINE vint operator>>(vint a, int count) { return a.v >> count; }  // arithmetic
  friend EMBER_INLINE vint operator==(vint a, vint b) { return a.v == b.v; }
  friend EMBER_INLINE vint operator!=(vint a, vint b) { return a.v != b.v; }
  friend EMBER_INLINE vint operator<(vint a, vint b) { return a.v < b.v; }
  friend EMBER_INLINE vint operator<=(vint a, vint b) { return a.v <= b.v; }
  friend EMBER_INLINE vint operator>(vint a, vint b) { return a.v > b.v; }
  friend EMBER_INLINE vint operator>=(vint a, vint b) { return a.v >= b.v; }
  EMBER_INLINE vint& operator+=(vint b) { return *this = *this + b; }
  EMBER_INLINE vint& operator-=(vint b) { return *this = *this - b; }
  EMBER_INLINE vint& operator&=(vint b) { return *this = *this & b; }
  EMBER_INLINE vint& operator|=(vint b) { return *this = *this | b; }

 private:
  EMBER_INLINE raw::uints u() const { return (raw::uints)v; }
  static EMBER_INLINE vint wrap(raw::uints value) { return (raw::ints)value; }
};

using vmask = vint;

struct vuint {
  raw::uints v;
  vuint() = default;
  EMBER_INLINE vuint(raw::uints value) : v(value) {}
  EMBER_INLINE vuint(std::uint32_t value) : v(raw::uints{} + value) {}
  EMBER_INLINE std::uint32_t operator[](int lane) const { return v[lane]; }

  friend EMBER_INLINE vuint operator+(vuint a, vuint b) { return a.v + b.v; }
  friend EMBER_INLINE vuint operator-(vuint a, vuint b) { return a.v - b.v; }
  friend EMBER_INLINE vuint operator*(vuint a, vuint b) { return a.v * b.v; }
  friend EMBER_INLINE vuint operator&(vuint a, vuint b) { return a.v & b.v; }
  friend EMBER_INLINE vuint operator|(vuint a, vuint b) { return a.v | b.v; }
  friend EMBER_INLINE vuint operator^(vuint a, vuint b) { return a.v ^ b.v; }
  friend EMBER_INLINE vuint operator~(vuint a) { return ~a.v; }
  friend EMBER_INLINE vuint operator<<(vuint a, int count) { return a.v << count; }
  friend EMBER_INLINE vuint operator>>(vuint a, int count) { return a.v >> count; }
  friend EMBER_INLINE vmask operator==(vuint a, vuint b) { return (raw::ints)(a.v == b.v); }
};

struct vfloat {
  raw::floats v;
  vfloat() = default;
  EMBER_INLINE vfloat(raw::floats value) : v(value) {}
  EMBER_INLINE vfloat(float value) : v(raw::splat(value)) {}
  EMBER_INLINE vfloat(double value) : vfloat((float)value) {}
  EMBER_INLINE vfloat(int value) : vfloat((float)value) {}
  EMBER_INLINE float operator[](int lane) const { return v[lane]; }

  friend EMBER_INLINE vfloat operator+(vfloat a, vfloat b) { return a.v + b.v; }
  friend EMBER_INLINE vfloat operator-(vfloat a, vfloat b) { return a.v - b.v; }
  friend EMBER_INLINE vfloat operator*(vfloat a, vfloat b) { return a.v * b.v; }
  friend EMBER_INLINE vfloat operator/(vfloat a, vfloat b) { return a.v / b.v; }
  friend EMBER_INLINE vfloat operator-(vfloat a) { return -a.v; }
  friend EMBER_INLINE vmask operator==(vfloat a, vfloat b) { return a.v == b.v; }
  friend EMBER_INLINE vmask operator!=(vfloat a, vfloat b) { return a.v != b.v; }
  friend EMBER_INLINE vmask operator<(vfloat a, vfloat b) { return a.v < b.v; }
  friend EMBER_INLINE vmask operator<=(vfloat a, vfloat b) { return a.v <= b.v; }
  friend EMBER_INLINE vmask operator>(vfloat a, vfloat b) { return a.v > b.v; }
  friend EMBER_INLINE vmask operator>=(vfloat a, vfloat b) { return a.v >= b.v; }
  EMBER_INLINE vfloat& operator+=(vfloat b) { return *this = *this + b; }
  EMBER_INLINE vfloat& operator-=(vfloat b) { return *this = *this - b; }
  EMBER_INLINE vfloat& operator*=(vfloat b) { return *this = *this * b; }
};

struct vdouble {
  raw::doubles low, high;  // lanes [0, lanes / 2) and [lanes / 2, lanes)
  vdouble() = default;
  EMBER_INLINE vdouble(raw::doubles l, raw::doubles h) : low(l), high(h) {}
  EMBER_INLINE vdouble(double value) : low(raw::splat(value)), high(low) {}
  EMBER_INLINE double operator[](int lane) const {
    return lane < lanes / 2 ? low[lane] : high[lane - lanes / 2];
  }

  friend EMBER_INLINE vdouble operator+(vdouble a, vdouble b) { return {a.low + b.low, a.high + b.high}; }
  friend EMBER_INLINE vdouble operator-(vdouble a, vdouble b) { return {a.low - b.low, a.high - b.high}; }
  friend EMBER_INLINE vdouble operator*(vdouble a, vdouble b) { return {a.low * b.low, a.high * b.high}; }
  friend EMBER_INLINE vdouble operator/(vdouble a, vdouble b) { return {a.low / b.low, a.high / b.high}; }
  EMBER_INLINE vdouble& operator+=(vdouble b) { return *this = *this + b; }
};

// What code that is a template over its number type calls the results of comparisons and of to_int.
template <class T>
struct number_traits;
template <>
struct number_traits<vfloat> {
  using mask = vmask;
  using integer = vint;
};
template <>
struct number_traits<double> {
  using mask = bool;
  using integer = std::int32_t;
};
template <class T>
using mask_of = typename number_traits<T>::mask;
template <class T>
using integer_of = typename number_traits<T>::integer;

// ------------------------------------------------------------------------------------------- loads and
// stores No alignment is needed (numpy's data is 16-byte aligned at most).

EMBER_INLINE vfloat load(const float* from) { return raw::load<raw::floats>(from); }
EMBER_INLINE vint load(const std::int32_t* from) { return raw::load<raw::ints>(from); }
EMBER_INLINE vuint load(const std::uint32_t* from) { return raw::load<raw::uints>(from); }
EMBER_INLINE vdouble load(const double* from) {
  return {raw::load<raw::doubles>(from), raw::load<raw::doubles>(from + lanes / 2)};
}
EMBER_INLINE void store(float* to, vfloat x) { std::memcpy(to, &x.v, sizeof x.v); }
EMBER_INLINE void store(std::int32_t* to, vint x) { std::memcpy(to, &x.v, sizeof x.v); }
EMBER_INLINE void store(std::uint32_t* to, vuint x) { std::memcpy(to, &x.v, sizeof x.v); }
EMBER_INLINE void store(double* to, vdouble x) {
  std::memcpy(to, &x.low, sizeof x.low);
  std::memcpy(to + lanes / 2, &x.high, sizeof x.high);
}
// The first `count` (0..lanes) lanes only; the others load as zero.
EMBER_INLINE vfloat load_first(const float* from, int count) {
  float buffer[lanes] = {};
  std::memcpy(buffer, from, sizeof(float) * (std::size_t)count);
  return load(buffer);
}
EMBER_INLINE void store_first(float* to, vfloat x, int count) {
  std::memcpy(to, &x.v, sizeof(float) * (std::size_t)count);
}
EMBER_INLINE vfloat splat(float value) { return vfloat(value); }
// from[k] in every lane, by a shuffle of from[0..3]: four of them cost one load.
template <int k>
EMBER_INLINE vfloat splat_of_four(const float* from) {
#if defined(EMBER_SIMD_AVX2)
  return (raw::floats)_mm256_permute_ps(_mm256_broadcast_ps((const __m128*)from), k * 0x55);
#else
  return vfloat(from[k]);
#endif
}
// Lane l holds from[l / count]: every number `count` times. Reads lanes / count floats.
template <int count>
EMBER_INLINE vfloat repeat(const float* from) {
#if defined(EMBER_SIMD_AVX2)
  const __m256i which =
      count == 2 ? _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3) : _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  static_assert(count == 2 || count == 4, "two or four");
  const __m128 some = count == 2 ? _mm_loadu_ps(from) : _mm_castpd_ps(_mm_load_sd((const double*)from));
  return (raw::floats)_mm256_permutevar8x32_ps(_mm256_castps128_ps256(some), which);
#else
  static_assert(count == 1 || count == 2, "one or two");
  return count == 1 ? load(from) : vfloat(raw::floats{from[0], from[0], from[1], from[1]});
#endif
}
EMBER_INLINE vint iota() {
#if defined(EMBER_SIMD_AVX2)
  return raw::ints{0, 1, 2, 3, 4, 5, 6, 7};
#else
  return raw::ints{0, 1, 2, 3};
#endif
}

// ------------------------------------------------------------------------------------- bits and conversions

EMBER_INLINE vint as_int(vfloat x) { return raw::bits<raw::ints>(x.v); }
EMBER_INLINE vint as_int(vuint x) { return raw::bits<raw::ints>(x.v); }
EMBER_INLINE vuint as_uint(vfloat x) { return raw::bits<raw::uints>(x.v); }
EMBER_INLINE vuint as_uint(vint x) { return raw::bits<raw::uints>(x.v); }
EMBER_INLINE vfloat as_float(vint x) { return raw::bits<raw::floats>(x.v); }
EMBER_INLINE vfloat as_float(vuint x) { return raw::bits<raw::floats>(x.v); }

EMBER_INLINE vfloat to_float(vint x) { return __builtin_convertvector(x.v, raw::floats); }
// Towards zero. Range: |x| < 2^31; outside of it levels differ.
EMBER_INLINE vint to_int(vfloat x) { return __builtin_convertvector(x.v, raw::ints); }

EMBER_INLINE vdouble to_double(vfloat x) {
#if defined(EMBER_SIMD_AVX2)
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))};
#elif defined(EMBER_SIMD_SSE2)
  return {_mm_cvtps_pd(x.v), _mm_cvtps_pd(_mm_movehl_ps(x.v, x.v))};
#elif defined(EMBER_SIMD_NEON)
  return {vcvt_f64_f32(vget_low_f32(x.v)), vcvt_high_f64_f32(x.v)};
#else
  return {raw::doubles{x.v[0], x.v[1]}, raw::doubles{x.v[2], x.v[3]}};
#endif
}
EMBER_INLINE vfloat to_float(vdouble x) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_set_m128(_mm256_cvtpd_ps(x.high), _mm256_cvtpd_ps(x.low)));
#elif defined(EMBER_SIMD_SSE2)
  return raw::floats(_mm_movelh_ps(_mm_cvtpd_ps(x.low), _mm_cvtpd_ps(x.high)));
#elif defined(EMBER_SIMD_NEON)
  return raw::floats(vcvt_high_f32_f64(vcvt_f32_f64(x.low), x.high));
#else
  return raw::floats{(float)x.low[0], (float)x.low[1], (float)x.high[0], (float)x.high[1]};
#endif
}

// ------------------------------------------------------------------------------------------------ choices

// mask ? a : b, lane by lane. Mask lanes must be all ones or zero.
EMBER_INLINE vfloat select(vmask mask, vfloat a, vfloat b) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_blendv_ps(b.v, a.v, (__m256)mask.v));
#else
  return as_float((as_int(a) & mask) | (as_int(b) & ~mask));
#endif
}
EMBER_INLINE vint select(vmask mask, vint a, vint b) { return (a & mask) | (b & ~mask); }
EMBER_INLINE vdouble select(vmask mask, vdouble a, vdouble b) {
  typedef long long longs __attribute__((vector_size(4 * lanes)));
#if defined(EMBER_SIMD_AVX2)
  longs l = (longs)_mm256_cvtepi32_epi64(_mm256_castsi256_si128((__m256i)mask.v));
  longs h = (longs)_mm256_cvtepi32_epi64(_mm256_extracti128_si256((__m256i)mask.v, 1));
#elif defined(EMBER_SIMD_SSE2)
  longs l = (longs)_mm_unpacklo_epi32((__m128i)mask.v, (__m128i)mask.v);
  longs h = (longs)_mm_unpackhi_epi32((__m128i)mask.v, (__m128i)mask.v);
#else
  longs l = {mask.v[0], mask.v[1]}, h = {mask.v[2], mask.v[3]};
#endif
  return {(raw::doubles)(((longs)a.low & l) | ((longs)b.low & ~l)),
          (raw::doubles)(((longs)a.high & h) | ((longs)b.high & ~h))};
}

// a < b ? a : b, and a > b ? a : b: where either is NaN, and for zeros of both signs, the answer is b.
EMBER_INLINE vfloat min(vfloat a, vfloat b) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_min_ps(a.v, b.v));
#elif defined(EMBER_SIMD_SSE2)
  return raw::floats(_mm_min_ps(a.v, b.v));
#else
  return select(a < b, a, b);
#endif
}
EMBER_INLINE vfloat max(vfloat a, vfloat b) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_max_ps(a.v, b.v));
#elif defined(EMBER_SIMD_SSE2)
  return raw::floats(_mm_max_ps(a.v, b.v));
#else
  return select(a > b, a, b);
#endif
}
EMBER_INLINE vint min(vint a, vint b) { return select(a < b, a, b); }
EMBER_INLINE vint max(vint a, vint b) { return select(a > b, a, b); }

EMBER_INLINE bool any(vmask mask) {
#if defined(EMBER_SIMD_AVX2)
  return _mm256_movemask_ps((__m256)mask.v) != 0;
#elif defined(EMBER_SIMD_SSE2)
  return _mm_movemask_ps((__m128)mask.v) != 0;
#elif defined(EMBER_SIMD_NEON)
  return vmaxvq_u32((uint32x4_t)mask.v) != 0;
#else
  return (mask.v[0] | mask.v[1] | mask.v[2] | mask.v[3]) != 0;
#endif
}
EMBER_INLINE bool all(vmask mask) { return !any(!mask); }

// ---------------------------------------------------------------------------------------------- arithmetic

EMBER_INLINE vfloat abs(vfloat x) { return as_float(as_int(x) & 0x7fffffff); }
// The magnitude of the first with the sign of the second.
EMBER_INLINE vfloat copysign(vfloat magnitude, vfloat sign) {
  return as_float((as_int(magnitude) & 0x7fffffff) | (as_int(sign) & INT32_MIN));
}
EMBER_INLINE vmask is_finite(vfloat x) { return (as_int(x) & 0x7f800000) != vint(0x7f800000); }

EMBER_INLINE vfloat floor(vfloat x) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_floor_ps(x.v));
#elif defined(EMBER_SIMD_NEON)
  return raw::floats(vrndmq_f32(x.v));
#else
  const vmask small = abs(x) < 8388608.0f;  // from 2^23 on all floats are whole
  const vfloat inside = select(small, x, 0.0f);
  const vfloat whole = to_float(to_int(inside));
  const vfloat below = whole - select(whole > inside, vfloat(1.0f), vfloat(0.0f));
  return select(small, copysign(below, x), x);
#endif
}

// Correctly rounded, as IEEE 754 wants it.
EMBER_INLINE vfloat sqrt(vfloat x) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_sqrt_ps(x.v));
#elif defined(EMBER_SIMD_SSE2)
  return raw::floats(_mm_sqrt_ps(x.v));
#elif defined(EMBER_SIMD_NEON)
  return raw::floats(vsqrtq_f32(x.v));
#else
  vfloat root;
  for (int lane = 0; lane < lanes; ++lane) root.v[lane] = __builtin_sqrtf(x.v[lane]);
  return root;
#endif
}

#if defined(EMBER_SIMD_SSE2)
namespace raw {
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
}  // namespace raw
#endif

// a * b + c with one rounding. On SSE2 exact too, at some twenty times the cost.
EMBER_INLINE vfloat fma(vfloat a, vfloat b, vfloat c) {
#if defined(EMBER_SIMD_AVX2)
  return raw::floats(_mm256_fmadd_ps(a.v, b.v, c.v));
#elif defined(EMBER_SIMD_NEON)
  return raw::floats(vfmaq_f32(c.v, a.v, b.v));
#elif defined(EMBER_SIMD_SSE2)
  const vdouble x = to_double(a), y = to_double(b), z = to_double(c);
  return to_float(vdouble(raw::fma_to_odd(x.low, y.low, z.low), raw::fma_to_odd(x.high, y.high, z.high)));
#else
  vfloat result;
  for (int lane = 0; lane < lanes; ++lane) {
    result.v[lane] = __builtin_fmaf(a.v[lane], b.v[lane], c.v[lane]);
  }
  return result;
#endif
}

// -------------------------------------------------------------------- the same for double, one at a time

EMBER_INLINE double select(bool mask, double a, double b) { return mask ? a : b; }
EMBER_INLINE std::int32_t select(bool mask, std::int32_t a, std::int32_t b) { return mask ? a : b; }
EMBER_INLINE double min(double a, double b) { return a < b ? a : b; }
EMBER_INLINE double max(double a, double b) { return a > b ? a : b; }
EMBER_INLINE bool any(bool mask) { return mask; }
EMBER_INLINE bool all(bool mask) { return mask; }
EMBER_INLINE double abs(double x) { return __builtin_fabs(x); }
EMBER_INLINE double copysign(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }
EMBER_INLINE bool is_finite(double x) { return __builtin_isfinite(x); }
EMBER_INLINE double floor(double x) { return __builtin_floor(x); }
EMBER_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
EMBER_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
EMBER_INLINE std::int32_t to_int(double x) { return (std::int32_t)x; }
EMBER_INLINE double to_double(double x) { return x; }
template <class T>
EMBER_INLINE T to_number(integer_of<T> x);  // to_float for lanes, a plain conversion for double
template <>
EMBER_INLINE vfloat to_number<vfloat>(vint x) {
  return to_float(x);
}
template <>
EMBER_INLINE double to_number<double>(std::int32_t x) {
  return x;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
