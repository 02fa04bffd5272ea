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

// Which instructions a level has, and how many lanes.
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define EMBER_SIMD_AVX512 1
#define EMBER_LANES 16
#include <immintrin.h>
#elif defined(__AVX2__) && defined(__FMA__)
#define EMBER_SIMD_AVX2 1
#define EMBER_LANES 8
#include <immintrin.h>
#elif defined(__aarch64__)
#define EMBER_SIMD_NEON 1
#define EMBER_LANES 4
#include <arm_neon.h>
#else
#define EMBER_LANES 4
#if defined(__SSE2__)
#define EMBER_SIMD_SSE2 1
#include <emmintrin.h>
#endif
#endif

#define EMBER_INLINE __attribute__((always_inline)) inline
// After the parameters of a lambda. A loop over accumulators that is not inlined keeps them in memory.
#define EMBER_INLINE_LAMBDA __attribute__((always_inline))

namespace ember {
namespace EMBER_LEVEL {

constexpr int lanes = EMBER_LANES;

namespace raw {
typedef float floats __attribute__((vector_size(4 * lanes)));
typedef std::int32_t ints __attribute__((vector_size(4 * lanes)));
typedef std::uint32_t uints __attribute__((vector_size(4 * lanes)));
typedef double doubles __attribute__((vector_size(4 * lanes)));  // half as many lanes
typedef long long longs __attribute__((vector_size(4 * lanes)));

template <class To, class From>
EMBER_INLINE To cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  return (To)from;
}
template <class T>
EMBER_INLINE T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
}  // namespace raw

}  // namespace EMBER_LEVEL
}  // namespace ember

// What each level does in instructions of its own, on raw vectors.
#if defined(EMBER_SIMD_AVX512)
#include "core/simd_avx512.h"
#elif defined(EMBER_SIMD_AVX2)
#include "core/simd_avx2.h"
#elif defined(EMBER_SIMD_NEON)
#include "core/simd_neon.h"
#else
#include "core/simd_base.h"
#endif

namespace ember {
namespace EMBER_LEVEL {

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
// from[k] in every lane, by a shuffle of from[0..3] where there is one: four of them cost one load.
template <int k>
EMBER_INLINE vfloat splat_of_four(const float* from) {
  return raw::splat_of_four<k>(from);
}
// Lane l holds from[l / count]: every number `count` times. Reads lanes / count floats, of which there are 2 or 4.
template <int count>
EMBER_INLINE vfloat repeat(const float* from) {
  return raw::repeat<count>(from);
}
#if defined(EMBER_SIMD_AVX512)
// The first eight lanes of a and of b; the last eight.
EMBER_INLINE vfloat low_halves(vfloat a, vfloat b) { return raw::low_halves(a.v, b.v); }
EMBER_INLINE vfloat high_halves(vfloat a, vfloat b) { return raw::high_halves(a.v, b.v); }
#endif
// The halves of x the other way round; the two quarters of each half.
EMBER_INLINE vfloat swap_halves(vfloat x) { return raw::swap_halves(x.v); }
EMBER_INLINE vfloat swap_quarters(vfloat x) { return raw::swap_quarters(x.v); }
EMBER_INLINE vint iota() { return raw::iota(); }

// ------------------------------------------------------------------------------------- bits and conversions

EMBER_INLINE vint as_int(vfloat x) { return raw::cast<raw::ints>(x.v); }
EMBER_INLINE vint as_int(vuint x) { return raw::cast<raw::ints>(x.v); }
EMBER_INLINE vuint as_uint(vfloat x) { return raw::cast<raw::uints>(x.v); }
EMBER_INLINE vuint as_uint(vint x) { return raw::cast<raw::uints>(x.v); }
EMBER_INLINE vfloat as_float(vint x) { return raw::cast<raw::floats>(x.v); }
EMBER_INLINE vfloat as_float(vuint x) { return raw::cast<raw::floats>(x.v); }

EMBER_INLINE vfloat to_float(vint x) { return __builtin_convertvector(x.v, raw::floats); }
// Towards zero. Range: |x| < 2^31; outside of it levels differ.
EMBER_INLINE vint to_int(vfloat x) { return __builtin_convertvector(x.v, raw::ints); }

EMBER_INLINE vdouble to_double(vfloat x) {
  vdouble wide;
  raw::widen(x.v, &wide.low, &wide.high);
  return wide;
}
EMBER_INLINE vfloat to_float(vdouble x) { return raw::narrow(x.low, x.high); }

// ------------------------------------------------------------------------------------------------ choices

// mask ? a : b, lane by lane. Mask lanes must be all ones or zero.
EMBER_INLINE vfloat select(vmask mask, vfloat a, vfloat b) { return raw::select(mask.v, a.v, b.v); }
EMBER_INLINE vint select(vmask mask, vint a, vint b) { return (a & mask) | (b & ~mask); }
EMBER_INLINE vdouble select(vmask mask, vdouble a, vdouble b) {
  raw::longs l, h;
  raw::widen(mask.v, &l, &h);
  return {(raw::doubles)(((raw::longs)a.low & l) | ((raw::longs)b.low & ~l)),
          (raw::doubles)(((raw::longs)a.high & h) | ((raw::longs)b.high & ~h))};
}

// a < b ? a : b, and a > b ? a : b: where either is NaN, and for zeros of both signs, the answer is b.
EMBER_INLINE vfloat min(vfloat a, vfloat b) { return raw::min(a.v, b.v); }
EMBER_INLINE vfloat max(vfloat a, vfloat b) { return raw::max(a.v, b.v); }
EMBER_INLINE vint min(vint a, vint b) { return select(a < b, a, b); }
EMBER_INLINE vint max(vint a, vint b) { return select(a > b, a, b); }

EMBER_INLINE bool any(vmask mask) { return raw::any(mask.v); }
// Bit l is set where lane l is.
EMBER_INLINE unsigned bits(vmask mask) { return raw::bits(mask.v); }
EMBER_INLINE bool all(vmask mask) { return !any(!mask); }

// ---------------------------------------------------------------------------------------------- arithmetic

EMBER_INLINE vfloat abs(vfloat x) { return as_float(as_int(x) & 0x7fffffff); }
// The magnitude of the first with the sign of the second.
EMBER_INLINE vfloat copysign(vfloat magnitude, vfloat sign) {
  return as_float((as_int(magnitude) & 0x7fffffff) | (as_int(sign) & INT32_MIN));
}
EMBER_INLINE vmask is_finite(vfloat x) { return (as_int(x) & 0x7f800000) != vint(0x7f800000); }

EMBER_INLINE vfloat floor(vfloat x) { return raw::floor(x.v); }
// Correctly rounded, as IEEE 754 wants it.
EMBER_INLINE vfloat sqrt(vfloat x) { return raw::sqrt(x.v); }
// a * b + c with one rounding. On SSE2 exact too, at some twenty times the cost.
EMBER_INLINE vfloat fma(vfloat a, vfloat b, vfloat c) { return raw::fma(a.v, b.v, c.v); }

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
