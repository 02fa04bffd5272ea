#include "noise/noise.h"
#include "noise/noise_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

void fill(const Stream& stream, std::int64_t first, std::int64_t count, float* out) {
  noise_fill(stream, first, count, out);
}

void fill_rows(const Stream& stream, int directions, std::int64_t groups, float* out) {
  noise_rows(stream, directions, groups, out);
}

void perturb(const Stream& stream, std::int64_t first, std::int64_t count, const float* mean,
             const float* scale, bool scale_per_parameter, float sign, float* out) {
  constexpr std::int64_t block = 512;  // stays in the first-level cache
  float noise[block];
  for (std::int64_t done = 0; done < count; done += block) {
    const std::int64_t n = count - done < block ? count - done : block;
    noise_fill(stream, first + done, n, noise);
    for (std::int64_t i = 0; i < n; ++i) {
      const float step = scale[scale_per_parameter ? done + i : 0] * noise[i];
      out[done + i] = mean[done + i] + sign * step;
    }
  }
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(NoiseKernels, {fill, fill_rows, perturb})
