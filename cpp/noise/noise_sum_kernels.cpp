#include "noise/noise.h"
#include "noise/noise_sum_table.h"
#include "noise/population.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

// Sums over the directions for parameters [64 * first_group, 64 * last_group), in blocks whose sums stay in
// the first-level cache while all directions pass over them.
template <bool with_second>
EMBER_INLINE void sum(const NoiseTerms& terms, std::int64_t first_group, std::int64_t last_group,
                      std::int64_t parameters, float* first, float* second) {
  constexpr int block = with_second ? 8 : 16;  // groups of 64 parameters: 4 KiB
  float a[64 * block], b[with_second ? 64 * block : 1];
  for (std::int64_t group = first_group; group < last_group; group += block) {
    const int groups = last_group - group < block ? (int)(last_group - group) : block;
    std::memset(a, 0, sizeof a);
    if (with_second) std::memset(b, 0, sizeof b);
    for (int k = 0; k < terms.count; ++k) {
      const Stream stream(terms.purpose, terms.seed, terms.generation, terms.directions[k]);
      const vfloat w1(terms.first[k]), w2(with_second ? terms.second[k] : 0.0f);
      const float* drawn = terms.drawn;
      if (drawn)
        drawn += (terms.directions[k] - terms.first_direction) * noise_stride(parameters) + 64 * group;
      for (int g = 0; g < groups; g += drawn ? 1 : noise_groups) {
        float* to_a = a + 64 * g;
        float* to_b = with_second ? b + 64 * g : b;
        const auto add = [&](int offset, vfloat eps) EMBER_INLINE_LAMBDA {
          store(to_a + offset, fma(w1, eps, load(to_a + offset)));
          if (with_second) {
            store(to_b + offset, fma(w2, fma(eps, eps, vfloat(-1.0f)), load(to_b + offset)));
          }
        };
        if (!drawn) {
          noise_group(stream, (std::uint32_t)(group + g), add);
        } else {
          for (int offset = 0; offset < 64; offset += lanes) add(offset, load(drawn + 64 * g + offset));
        }
      }
    }
    const std::int64_t at = 64 * group, left = parameters - at;
    const std::int64_t count = left < 64 * groups ? left : 64 * groups;
    std::memcpy(first + at, a, sizeof(float) * (std::size_t)count);
    if (with_second) std::memcpy(second + at, b, sizeof(float) * (std::size_t)count);
  }
}

void noise_sum(const NoiseTerms& terms, std::int64_t first_group, std::int64_t last_group,
               std::int64_t parameters, float* first, float* second) {
  if (second != nullptr) {
    sum<true>(terms, first_group, last_group, parameters, first, second);
  } else {
    sum<false>(terms, first_group, last_group, parameters, first, nullptr);
  }
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(NoiseSumKernels, {noise_sum})
