// The kernels of noise.h for code that is not compiled per SIMD level: kernels<NoiseKernels>().fill(...).
#pragma once

#include <cstdint>

#include "core/dispatch.h"
#include "noise/threefry.h"

namespace ember {

struct NoiseKernels {
  // out[i] = normal of parameter first + i of the stream, i < count. Parameters number fewer than 2^35.
  void (*fill)(const Stream& stream, std::int64_t first, std::int64_t count, float* out);
  // The same of `directions` directions from the stream's on, for parameters i < 64 * groups, row after row.
  void (*fill_rows)(const Stream& stream, int directions, std::int64_t groups, float* out);
  // out[i] = mean[i] + sign * scale[i or 0] * noise(first + i), product and sum each rounded to float32.
  void (*perturb)(const Stream& stream, std::int64_t first, std::int64_t count, const float* mean,
                  const float* scale, bool scale_per_parameter, float sign, float* out);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(NoiseKernels)
