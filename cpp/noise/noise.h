// The noise of Ember ML, stream version 1: normal(seed, generation, direction, parameter), a pure function.
//
// Threefry4x32 with 13 rounds, key (seed low, seed high, purpose | version << 16, 0), counter (block,
// direction, generation, 0). One 32-bit word makes a pair of normals by Box-Muller. Parameter 64 g + 16 w + 8
// h + l takes word w of block 8 g + l, its cosine (h = 0) or its sine (h = 1).
//
// Bit-identical on every SIMD level, in numpy (python/ember_ml/noise/stream.py), torch and mlx: integer
// operations, float32 + - *, exact integer-float conversions and a Newton iteration, no fma, no contraction,
// no library function. The polynomials are part of the definition (fit: cpp/noise/fit_noise.py, distribution:
// docs/noise.md). Changing any bit of the result needs a new stream version.
#pragma once

#include "core/dispatch.h"
#include "core/simd.h"
#include "noise/threefry.h"

namespace ember {
namespace EMBER_LEVEL {

// The pair of normals of a word: radius from bits 31..16, signs of cosine and sine from bits 15 and 14, and
// the angle within the quadrant from bits 13..0.
EMBER_INLINE void normal_pair(vuint word, vfloat* cosine, vfloat* sine) {
  // x = -2 ln u, u = (k + 1/2) / 65536: the bits of a float are its logarithm, linear between powers of two,
  // and p(t) (t - 1) (2 - t) is what is missing between them (t in [1, 2) the significand).
  const vfloat k = to_float(as_int(word >> 16)) + 0.5f;
  const vfloat t = as_float((as_int(k) & 0x007fffff) | 0x3f800000);
  const vfloat p = ((-0x1.005e24p-4f * t + 0x1.92fa1cp-2f) * t + -0x1.f07a76p-1f) * t + 0x1.4059b8p+0f;
  const vfloat x = to_float(0x47800000 - as_int(k)) * 0x1.62e43p-23f - (t - 1.0f) * (2.0f - t) * p;
  // r = sqrt(x) as x * rsqrt(x): an estimate from the bits, then one Newton-like (cubic) step.
  const vfloat y = as_float(0x5f202000 - (as_int(x) >> 1));
  const vfloat xy = x * y;
  const vfloat e = xy * y;
  const vfloat r = xy * ((0x1.526d6ep-1f * e + -0x1.c1ea54p+0f) * e + 0x1.0cecf0p+1f);
  // Cosine and sine of 45 degrees + h, as (cos h -+ sin h) / sqrt(2), h in units of 90 / 16384 degrees.
  const vfloat h = to_float(as_int(word & 0x3fffu)) - 8191.5f;
  const vfloat z = h * h;
  const vfloat c = (0x1.642bcep-59f * z + -0x1.be62f4p-29f) * z + 0x1.6a08fap-1f;
  const vfloat s = ((0x1.c1e586p-75f * z + -0x1.d38b9ep-44f) * z + 0x1.1c57d4p-14f) * h;
  *cosine = as_float(as_uint(r * (c - s)) ^ ((word << 16) & 0x80000000u));
  *sine = as_float(as_uint(r * (c + s)) ^ ((word << 17) & 0x80000000u));
}

// The words of a vector's lanes belong to one group of 64 parameters, or to two where there are 16 lanes.
constexpr int noise_groups = lanes > 8 ? lanes / 8 : 1;
constexpr int noise_batch = 64 * noise_groups;

// use(offset, cosine, sine) for the four words of `lanes` blocks, of which `first` go before in their group.
template <class Use>
EMBER_INLINE void normal_pairs(const vuint* words, int first, Use&& use) {
#pragma GCC unroll 4
  for (int w = 0; w < 4; ++w) {
    vfloat cosine, sine;
    normal_pair(words[w], &cosine, &sine);
    use(16 * w + first, cosine, sine);
  }
}

// Calls use(offset, cosine, sine) for the normals of the batch from group g on: the vectors as they come, `offset` a
// multiple of 16 and less than 64. noise_in_order says which parameters they are.
template <class Use>
EMBER_INLINE void noise_pairs(const Stream& stream, std::uint32_t g, Use&& use) {
  for (int first = 0; first < 8; first += lanes) {
    vuint x[4];
    x[0] = as_uint(iota()) + vuint(8 * g + (std::uint32_t)first);
    stream.words(x);
    normal_pairs(x, first, use);
  }
}

// Calls use(offset, values) for a pair of noise_pairs: values are parameters 64 g + offset + lane.
template <class Use>
EMBER_INLINE void noise_in_order(int offset, vfloat cosine, vfloat sine, Use&& use) {
#if defined(EMBER_SIMD_AVX512)
  use(offset, low_halves(cosine, sine));
  use(64 + offset, high_halves(cosine, sine));
#else
  use(offset, cosine);
  use(8 + offset, sine);
#endif
}

// Calls use(offset, values) for the normals of the batch from group g on, `noise_batch` of them: values are parameters
// 64 g + offset + lane, offset a multiple of `lanes`. The offsets are not in increasing order. Inline: made for fused
// loops.
template <class Use>
EMBER_INLINE void noise_group(const Stream& stream, std::uint32_t g, Use&& use) {
  noise_pairs(stream, g, [&](int offset, vfloat cosine, vfloat sine) EMBER_INLINE_LAMBDA {
    noise_in_order(offset, cosine, sine, use);
  });
}

// out[i] = normal of parameter first + i, for i < count.
EMBER_INLINE void noise_fill(const Stream& stream, std::int64_t first, std::int64_t count, float* out) {
  const std::int64_t end = first + count;
  for (std::int64_t g = first / 64; 64 * g < end; g += noise_groups) {
    const std::int64_t start = 64 * g - first;
    if (start >= 0 && start + noise_batch <= count) {
      noise_group(stream, (std::uint32_t)g, [&](int offset, vfloat n) { store(out + start + offset, n); });
      continue;
    }
    float batch[noise_batch];
    noise_group(stream, (std::uint32_t)g, [&](int offset, vfloat n) { store(batch + offset, n); });
    const std::int64_t from = start < 0 ? -start : 0;
    const std::int64_t to = start + noise_batch <= count ? noise_batch : count - start;
    std::memcpy(out + start + from, batch + from, sizeof(float) * (std::size_t)(to - from));
  }
}

// The normals of `directions` directions from the stream's on, in rows of `groups` groups of 64. Where a batch is two groups it
// takes them from two directions, so that none is drawn in vain.
EMBER_INLINE void noise_rows(Stream stream, int directions, std::int64_t groups, float* out) {
#if defined(EMBER_SIMD_AVX512)
  const vmask of_first = iota() < vint(8);
  const auto each = [&](std::int64_t first, std::int64_t second) EMBER_INLINE_LAMBDA {
    return as_uint(select(of_first, vint((std::int32_t)first), vint((std::int32_t)second)));
  };
  const std::int64_t count = directions * groups;
  std::int64_t g = 0, direction = stream.direction;
  const auto next = [&]() EMBER_INLINE_LAMBDA {
    if (++g == groups) {
      g = 0;
      ++direction;
    }
  };
  for (std::int64_t n = 0; n < count; n += 2) {
    const std::int64_t first_g = g, first_direction = direction;
    next();
    vuint x[4] = {each(8 * first_g, 8 * g - 8) + as_uint(iota()), each(first_direction, direction)};
    next();
    stream.words_of_directions(x);
    const int kept = n + 1 < count ? 128 : 64;
    normal_pairs(x, 0, [&](int offset, vfloat cosine, vfloat sine) EMBER_INLINE_LAMBDA {
      noise_in_order(offset, cosine, sine, [&](int at, vfloat values) EMBER_INLINE_LAMBDA {
        if (at < kept) store(out + 64 * n + at, values);
      });
    });
  }
#else
  for (int k = 0; k < directions; ++k, ++stream.direction, out += 64 * groups)
    noise_fill(stream, 0, 64 * groups, out);
#endif
}

}  // namespace EMBER_LEVEL
}  // namespace ember
