// Whose turn it is: the members of a population one after the other, made as they are asked for.
#pragma once

#include "rollout/group.h"

namespace ember {
namespace EMBER_LEVEL {

// Members in the order of their units. Both members of a pair share one drawing of the noise.
class MemberSource {
 public:
  MemberSource(const RolloutPlan& plan, Arena& arena)
      : plan_(plan),
        own_noise_(plan.population.rows || plan.population.drawn
                       ? nullptr
                       : arena.take<float>(noise_stride(numbers(plan)))) {}

  // How many normals a direction has.
  static std::int64_t numbers(const RolloutPlan& plan) {
    return plan.low_rank.rank > 0 ? plan.low_rank.compact : plan.policy.parameters;
  }

  // The next member's number, or -1.
  int next();

  // Parameters [first, first + count) of the member that next() gave: mean +- scale * noise, each step
  // rounded. By low rank the mean's instead in the matrices that write_own() has the vectors of.
  EMBER_INLINE void write(std::int64_t first, std::int64_t count, float* to) const {
    if (row_) {
      std::memcpy(to, row_ + first, sizeof(float) * (std::size_t)count);
      return;
    }
    const Population& p = plan_.population;
    if (p.perturbation) return write_shared(first, count, to);
    const float *mean = p.mean + first, *noise = noise_ + first;
    std::int64_t i = 0;
    if (p.scale_per_parameter) {
      const float* scale = p.scale + first;
      for (; i + lanes <= count; i += lanes) {
        store(to + i, load(mean + i) + vfloat(sign_) * (load(scale + i) * load(noise + i)));
      }
      for (; i < count; ++i) to[i] = mean[i] + sign_ * (scale[i] * noise[i]);
    } else {
      const float scale = sign_ * p.scale[0];
      for (; i + lanes <= count; i += lanes) store(to + i, load(mean + i) + vfloat(scale) * load(noise + i));
      for (; i < count; ++i) to[i] = mean[i] + scale * noise[i];
    }
  }

  // By low rank: the member's own numbers (low_rank_policy.h), and its factor c, which is returned.
  float write_own(float* to) const;

  EMBER_INLINE void operator()(std::int64_t first, std::int64_t count, float* to) const {
    write(first, count, to);
  }

 private:
  void write_shared(std::int64_t first, std::int64_t count, float* to) const;

  const RolloutPlan& plan_;
  float* own_noise_;
  const float* noise_ = nullptr;
  const float* row_ = nullptr;
  float sign_ = 1.0f;
  int minus_ = -1;
};

}  // namespace EMBER_LEVEL
}  // namespace ember
