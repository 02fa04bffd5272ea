#include "rollout/layouts/low_rank_lanes.h"
#include "rollout/low_rank_forward_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

std::int64_t widest(const PolicyPlan& policy) {
  return (std::int64_t)(policy.widest > policy.inputs ? policy.widest : policy.inputs) * lanes;
}

std::int64_t scratch(const PolicyPlan& policy, const LowRankPlan& low) {
  const std::int64_t gates = 2 * (std::int64_t)policy.widest_gates * lanes;
  return 2 * widest(policy) + gates + (policy.memory + low.compact + 1 + low.rank) * lanes;
}

void forward(const PolicyPlan& policy, const LowRankPlan& low, const float* const* numbers,
             std::int64_t count, const float* x, float* memory, float* y, float* work) {
  Group group{};
  group.a = work;
  group.b = group.a + widest(policy);
  group.gates = group.b + widest(policy);
  group.memory = group.gates + 2 * (std::int64_t)policy.widest_gates * lanes;
  group.weights = group.memory + policy.memory * lanes;
  float* const u = group.weights + (low.compact + 1) * lanes;
  Group* const groups = &group;
  for (std::int64_t first = 0; first < count; first += lanes) {
    const int some = count - first < lanes ? (int)(count - first) : lanes;
    for (int lane = 0; lane < some; ++lane) {
      const std::int64_t row = first + lane;
      for (int i = 0; i < policy.inputs; ++i) group.a[i * lanes + lane] = x[row * policy.inputs + i];
      for (std::int64_t i = 0; i < policy.memory; ++i) {
        group.memory[i * lanes + lane] = memory[row * policy.memory + i];
      }
      put_member(policy, low, numbers[row], numbers[row][low.compact], group.weights + lane);
    }
    elementwise<true>(policy.before, policy.before_count, group.a, policy.inputs, policy.inputs);
    group.out = group.a;
    forward_low_rank(policy, low, &groups, 1, &u);
    for (int lane = 0; lane < some; ++lane) {
      const std::int64_t row = first + lane;
      for (int i = 0; i < policy.outputs; ++i) y[row * policy.outputs + i] = group.out[i * lanes + lane];
      for (std::int64_t i = 0; i < policy.memory; ++i) {
        memory[row * policy.memory + i] = group.memory[i * lanes + lane];
      }
    }
  }
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(LowRankForwardKernels, {scratch, forward})
