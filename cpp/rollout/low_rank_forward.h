// Forward passes by low rank of several members at once, each on its own observation: what the python engine
// calls every step. The bits of the rollout.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "noise/population.h"
#include "policy/low_rank_policy.h"
#include "policy/policy.h"

namespace ember {

class LowRankForward {
 public:
  // Keeps the mean (parameters,) as tiles. Throws std::invalid_argument as LowRankPolicy does.
  LowRankForward(Policy policy, std::shared_ptr<const Perturbation> perturbation, const float* mean);

  const PolicyPlan& policy() const { return policy_.plan(); }
  std::int64_t own_numbers() const { return low_.plan().compact + 1; }
  // y[i] of member members[i], whose numbers are row members[i] of `numbers` (.., own_numbers()), for x (count,
  // inputs); memory (count, policy().memory) is read and becomes the next.
  void forward(const float* numbers, const std::int64_t* members, std::int64_t count, const float* x,
               float* memory, float* y);

 private:
  CompiledPolicy policy_;
  std::shared_ptr<const Perturbation> perturbation_;
  LowRankPolicy low_;
  std::vector<float> work_;
};

// The numbers of member `member` of a population with a perturbation (low_rank_policy.h), and its factor c after
// them: (compact + 1,).
void write_own_numbers(const Population& population, int member, float* numbers);

}  // namespace ember
