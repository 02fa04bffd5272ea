// The kernel of noise_sum.h, one per SIMD level.
#pragma once

#include <cstdint>

#include "core/dispatch.h"

namespace ember {

// The terms of a sum: `count` directions in increasing order with their weights.
struct NoiseTerms {
  std::uint32_t purpose, generation;
  std::uint64_t seed;
  int count;
  const std::uint32_t* directions;
  const float* first;
  const float* second;  // null: no second sum
  const float* drawn;   // the noise itself, direction `first_direction` first (population.h), or null
  std::uint32_t first_direction;
};

struct NoiseSumKernels {
  // Parameters [64 * first_group, 64 * last_group) below `parameters`, into first[i] and, unless null,
  // second[i].
  void (*noise_sum)(const NoiseTerms& terms, std::int64_t first_group, std::int64_t last_group,
                    std::int64_t parameters, float* first, float* second);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(NoiseSumKernels)
