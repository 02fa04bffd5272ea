// Noise of low rank with members in lanes: all share the mean's weights, and each lane has its member's own
// numbers (low_rank_policy.h), so that a member's weights are never made.
#pragma once

#include "rollout/layouts/layout.h"
#include "rollout/layouts/low_rank_lanes.h"

namespace ember {
namespace EMBER_LEVEL {

class LowRankLayout {
 public:
  static constexpr bool own_weights = false;
  LowRankLayout(const RolloutPlan& plan, int, Arena& arena)
      : plan_(plan), low_(plan.low_rank), source_(plan, arena), numbers_(arena.take<float>(low_.compact)) {
    for (float*& u : u_) u = arena.take<float>((std::int64_t)low_.rank * lanes);
  }
  // The member's numbers, and after them its factor c.
  static std::int64_t group_weights(const RolloutPlan& plan) { return (plan.low_rank.compact + 1) * lanes; }

  bool begin() {
    if (begun_) return false;
    return begun_ = true;
  }
  bool assign(Group& group, int lane) {
    if (another_episode(group, lane, plan_.episodes)) return true;
    if (!next_member(source_, group, lane)) return false;
    const float c = source_.write_own(numbers_);
    put_member(plan_.policy, low_, numbers_, c, group.weights + lane);
    return true;
  }
  void forget(Group& group, int lane) { forget_lane(plan_.policy, group, lane); }
  void forward(Group* const* groups, int count) { forward_low_rank(plan_.policy, low_, groups, count, u_); }
  void move(const Group& from, int lane, Group& to, int to_lane) {
    for (std::int64_t i = 0; i <= low_.compact; ++i) {
      to.weights[i * lanes + to_lane] = from.weights[i * lanes + lane];
    }
    move_memory(plan_.policy, from, lane, to, to_lane);
  }
  void end() {}
  double* sums(int) { return nullptr; }

 private:
  const RolloutPlan& plan_;
  const LowRankPlan& low_;
  MemberSource source_;
  float* numbers_;
  float* u_[max_groups];
  bool begun_ = false;
};

}  // namespace EMBER_LEVEL
}  // namespace ember
