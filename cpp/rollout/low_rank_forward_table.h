// The kernel of low_rank_forward.h, one per SIMD level.
#pragma once

#include "core/dispatch.h"
#include "policy/low_rank_policy.h"

namespace ember {

struct LowRankForwardKernels {
  // Floats of work space.
  std::int64_t (*scratch)(const PolicyPlan& policy, const LowRankPlan& low);
  // y (count, outputs) of x (count, inputs) for the members whose numbers and factor c, (compact + 1,), begin at
  // numbers[i]; memory (count, policy.memory) is read and becomes the next.
  void (*forward)(const PolicyPlan& policy, const LowRankPlan& low, const float* const* numbers,
                  std::int64_t count, const float* x, float* memory, float* y, float* work);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(LowRankForwardKernels)
