// Uniform random numbers and derived seeds, keyed like the noise: pure functions, never a generator with a
// state. Ordinary code, not compiled per SIMD level (resets draw a handful of numbers an episode).
#pragma once

#include <cstdint>

#include "noise/threefry.h"

namespace ember {

// u[i] = (word i of the stream >> 8) * 2^-24, in [0, 1), exact in float32; words of blocks 0, 1, ... in
// order.
void uniforms(const Stream& stream, std::int64_t count, float* u);

// 31 bits for generators that take a small non-negative seed (gymnasium's reset): word 0 >> 1.
std::uint32_t derived_seed(const Stream& stream);

// 64 bits: word 0 | word 1 << 32 (ember_env's reset).
std::uint64_t derived_seed64(const Stream& stream);

}  // namespace ember
