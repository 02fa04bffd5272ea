// Small policies with members in lanes, one pass a step: observation, hidden units, action, environment and
// return of a vector of members without a walk through the general layers' buffers. Each hidden unit goes
// from its activation straight into the partial sums of the outputs. The arithmetic is that of the general
// path (rollout_kernels.cpp), operation by operation, so the bits are too.
#pragma once

#include "rollout/small/parts.h"

namespace ember {
namespace EMBER_LEVEL {

// Up to `turns` actions in every group; stops after the one in which an episode ends. Returns how many.
template <class Env>
int small_turns(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env, Group* const* groups,
                int count, int turns);

// The same for one hidden layer of relu units and two to `most_together` groups, which are interleaved. Two vectors of
// sixteen lanes do more than three of eight.
constexpr int most_together = lanes > 8 ? 2 : 3;
template <class Env>
int small_turns_together(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env,
                         Group* const* groups, int count, int turns);

template <class Env>
int small_policy_turns(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env,
                       Group* const* groups, int count, int turns) {
  const bool interleaved =
      policy.hidden == Activation::relu && !policy.deep && count > 1 && count <= most_together;
  return (interleaved ? small_turns_together<Env> : small_turns<Env>)(plan, policy, env, groups, count,
                                                                      turns);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
