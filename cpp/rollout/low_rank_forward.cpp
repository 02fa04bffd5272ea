#include "rollout/low_rank_forward.h"

#include "noise/noise_table.h"
#include "rollout/low_rank_forward_table.h"
#include "rollout/rollout.h"

namespace ember {

LowRankForward::LowRankForward(Policy policy, std::shared_ptr<const Perturbation> perturbation,
                               const float* mean)
    : policy_(std::move(policy), kernels<RolloutKernels>().lanes),
      perturbation_(std::move(perturbation)),
      low_(policy_.plan(), perturbation_->plan(), mean, kernels<RolloutKernels>().lanes),
      work_(static_cast<std::size_t>(kernels<LowRankForwardKernels>().scratch(policy_.plan(), low_.plan()))) {
}

void LowRankForward::forward(const float* numbers, const std::int64_t* members, std::int64_t count,
                             const float* x, float* memory, float* y) {
  std::vector<const float*> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(numbers + members[i] * own_numbers());
  kernels<LowRankForwardKernels>().forward(policy_.plan(), low_.plan(), rows.data(), count, x, memory, y,
                                           work_.data());
}

void write_own_numbers(const Population& population, int member, float* numbers) {
  const PerturbationPlan& plan = *population.perturbation;
  const int k = population.antithetic ? member / 2 : member;
  const float sign = population.antithetic && member % 2 != 0 ? -1.0f : 1.0f;
  kernels<NoiseKernels>().fill(
      Stream(static_cast<std::uint32_t>(population.noise_purpose), population.seed, population.generation,
             static_cast<std::uint32_t>(population.first_direction + k)),
      0, plan.compact, numbers);
  const float factor = sign * population.scale[0];
  for (int n = 0; n < plan.stretch_count; ++n) {
    const FullStretch& part = plan.stretches[n];
    for (std::int64_t i = 0; i < part.size; ++i) {
      const float step = factor * numbers[part.at + i];
      numbers[part.at + i] = population.mean[part.offset + i] + step;
    }
  }
  numbers[plan.compact] = low_rank_factor(plan, population.scale[0], sign);
}

}  // namespace ember
