// One episode with output units in lanes, from its observation to its end without a look at other lanes: the
// observation, the activations and the action are contiguous arrays, and what the environment needs of the
// episode stays in registers (built-in) or in the user's own memory (custom). The arithmetic is that of the
// general path (rollout_kernels.cpp), operation by operation, so the bits are too.
#pragma once

#include "es/rollout_env.h"
#include "es/rollout_layout.h"

namespace ember {
namespace EMBER_LEVEL {

// How far an episode came.
struct Played {
  int turns = 0;
  bool ended = false, failed = false;
};

// The built-in environment of lane 0, its state in every lane of a few vectors.
template <template <class> class E>
class OneBuiltin {
  using Env = E<vfloat>;

 public:
  OneBuiltin(const BuiltinLanes<E>& env, Group& group) : env_(env.env()), group_(group) {
    for (int i = 0; i < Env::states; ++i) state_[i] = splat(((const float*)group.state)[i * lanes]);
  }
  ~OneBuiltin() {
    for (int i = 0; i < Env::states; ++i) store((float*)group_.state + i * lanes, state_[i]);
  }
  EMBER_INLINE void observe(float* to) const {
    vfloat observation[Env::observations];
    env_.observe(state_, observation);
#pragma GCC unroll 8
    for (int i = 0; i < Env::observations; ++i) to[i] = observation[i][0];
  }
  EMBER_INLINE void act(int i, vfloat action) { action_[i] = action; }
  // Masks are the same in every lane.
  EMBER_INLINE void step(float* reward, vmask* terminated, vmask* finite) {
    vfloat rewards;
    env_.step(state_, action_, &rewards, terminated);
    vfloat sum = add_unless_finite(rewards, vfloat(0.0f));
#pragma GCC unroll 8
    for (int i = 0; i < Env::states; ++i) sum = add_unless_finite(state_[i], sum);
    *finite = sum == vfloat(0.0f);
    *reward = rewards[0];
  }

 private:
  const Env env_;
  Group& group_;
  vfloat state_[Env::states], action_[Env::actions];
};

// A user's environment in lane 0.
class OneCustom {
 public:
  OneCustom(const CustomLanes& env, const RolloutPlan& plan, Group& group)
      : env_(env), count_(plan.observations), group_(group) {
    for (int i = 0; i < count_; ++i) env_.observations()[i] = group.observation[i * lanes];
  }
  ~OneCustom() {
    for (int i = 0; i < count_; ++i) group_.observation[i * lanes] = env_.observations()[i];
  }
  EMBER_INLINE void observe(float* to) const {
    for (int i = 0; i < count_; i += lanes) store(to + i, load(env_.observations() + i));  // both have room
  }
  EMBER_INLINE void act(int i, vfloat action) { env_.actions()[i] = action[0]; }
  EMBER_INLINE void step(float* reward, vmask* terminated, vmask* finite) {
    const ember_env& env = env_.env();
    std::uint8_t flags = 0;
    *reward = 0.0f;
    env.step(env_.opened(), 1, group_.state, env_.actions(), env_.observations(), reward, &flags);
    if (flags & EMBER_ERROR) *reward = env_.report(group_.member[0]);
    *terminated = vint(flags & (EMBER_TERMINATED | EMBER_TRUNCATED) ? -1 : 0);
    *finite = vint(__builtin_isfinite(*reward) && env_.finite(env_.observations()) ? -1 : 0);
  }

 private:
  const CustomLanes& env_;
  const int count_;
  Group& group_;
};

template <template <class> class E>
EMBER_INLINE OneBuiltin<E> only_lane(const BuiltinLanes<E>& env, const RolloutPlan&, Group& group) {
  return {env, group};
}
EMBER_INLINE OneCustom only_lane(const CustomLanes& env, const RolloutPlan& plan, Group& group) {
  return {env, plan, group};
}

// Plays the episode in lane 0 for up to `turns` actions.
template <class Env>
EMBER_INLINE Played play_units(const RolloutPlan& plan, UnitsLayout& layout, const Env& lanes_of_env,
                               Group& group, int turns) {
  Played played;
  const int observations = Env::observations(plan), vectors = padded(observations, lanes) / lanes;
  const UnitsStatistics statistics = layout.statistics();
  auto env = only_lane(lanes_of_env, plan, group);
  if (plan.normalize) {
    for (int i = 0; i < observations; ++i) {
      statistics.sums[i] = group.sums[i * lanes];
      statistics.squares[i] = group.sums[(observations + i) * lanes];
    }
  }
  double total = group.returns[0];
  int steps = group.steps[0];
  while (played.turns < turns && !played.ended) {
    ++played.turns;
    float* x = layout.input();
    env.observe(x);
    if (plan.normalize) {
      const vfloat bound(plan.observation_clip);
      for (int i = 0; i < vectors; ++i) {
        const vfloat seen = load(x + i * lanes), mean = load(statistics.mean + i * lanes);
        const vdouble apart = to_double(seen) - to_double(mean);
        double *sum = statistics.sums + i * lanes, *squares = statistics.squares + i * lanes;
        store(sum, load(sum) + apart);
        store(squares, load(squares) + apart * apart);
        const vfloat scaled = (seen - mean) * load(statistics.inverse + i * lanes);
        store(x + i * lanes, max(-bound, min(bound, scaled)));
      }
    }
    elementwise<false>(plan.policy.before, plan.policy.before_count, x, vectors, observations);
    const float* out = layout.forward();

    const vmask good = choose_action(
        plan, Env::actions(plan), [&](int i) { return splat(out[i]); },
        [&](int i, vfloat x) { env.act(i, x); });
    for (int skip = 0; skip < plan.frame_skip; ++skip) {
      float reward;
      vmask terminated, finite;
      env.step(&reward, &terminated, &finite);
      const vmask failed = !(good & finite);
      ++steps;
      if (any(failed | terminated) || steps >= plan.max_steps) {
        played.ended = true;
        played.failed = any(failed);
      }
      if (!played.failed) total += (double)reward;
      if (played.ended) break;
    }
  }
  set_lane(group.returns, 0, total);
  set_lane(group.steps, 0, steps);
  if (plan.normalize) {
    for (int i = 0; i < observations; ++i) {
      group.sums[i * lanes] = statistics.sums[i];
      group.sums[(observations + i) * lanes] = statistics.squares[i];
    }
  }
  return played;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
