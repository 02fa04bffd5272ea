// Episodes with output units in lanes, from observation to end without a look at other members: the
// observation, the activations and the action of each are contiguous arrays. Built-in environments are stepped
// together, one a lane, and stay in registers; a user's one after the other in its own memory. The arithmetic is that
// of the general path (rollout_kernels.cpp), operation by operation, so the bits are too.
#pragma once

#include "rollout/environment.h"
#include "rollout/layouts/units_layout.h"

namespace ember {
namespace EMBER_LEVEL {

// How far the episodes came: bit s is that of slot s.
struct Played {
  int turns = 0;
  unsigned ended = 0, failed = 0;
};

// Value i of each slot, in its lane; a slot that is not live has the pointer of one that is.
EMBER_INLINE vfloat across_slots(const float* const* values, bool one, int i) {
  static_assert(most_units_slots == 4, "as many as are named here");
  if (one) return splat(values[0][i]);
  return raw::floats{values[0][i], values[1][i], values[2][i], values[3][i]};
}

// The built-in environments of all slots, a lane each.
template <template <class> class E>
class SlotsBuiltin {
  using Env = E<vfloat>;

 public:
  SlotsBuiltin(const BuiltinLanes<E>& env, Group& group) : env_(env.env()), group_(group) {
    for (int i = 0; i < Env::states; ++i) state_[i] = load((const float*)group.state + i * lanes);
  }
  ~SlotsBuiltin() {
    for (int i = 0; i < Env::states; ++i) store((float*)group_.state + i * lanes, state_[i]);
  }
  EMBER_INLINE void observe(unsigned live, const UnitsLayout& layout) const {
    vfloat observation[Env::observations];
    env_.observe(state_, observation);
#pragma GCC unroll 4
    for (int s = 0; s < most_units_slots; ++s) {
      if (!(live >> s & 1u)) continue;
      float* to = layout.slot(s).hidden[0];
#pragma GCC unroll 8
      for (int i = 0; i < Env::observations; ++i) to[i] = observation[i][s];
    }
  }
  EMBER_INLINE void act(int i, vfloat action) { action_[i] = action; }
  EMBER_INLINE void step(unsigned, vfloat* reward, vmask* terminated, vmask* finite) {
    env_.step(state_, action_, reward, terminated);
    vfloat sum = add_unless_finite(*reward, vfloat(0.0f));
#pragma GCC unroll 8
    for (int i = 0; i < Env::states; ++i) sum = add_unless_finite(state_[i], sum);
    *finite = sum == vfloat(0.0f);
  }

 private:
  const Env env_;
  Group& group_;
  vfloat state_[Env::states], action_[Env::actions];
};

// A user's environments, one a slot.
class SlotsCustom {
 public:
  SlotsCustom(const CustomLanes& env, const RolloutPlan& plan, int slots, Group& group)
      : env_(env), plan_(plan), slots_(slots), group_(group) {
    for (int s = 0; s < slots_; ++s) {
      for (int i = 0; i < plan.observations; ++i) observations(s)[i] = group.observation[i * lanes + s];
    }
  }
  ~SlotsCustom() {
    for (int s = 0; s < slots_; ++s) {
      for (int i = 0; i < plan_.observations; ++i) group_.observation[i * lanes + s] = observations(s)[i];
    }
  }
  EMBER_INLINE void observe(unsigned live, const UnitsLayout& layout) const {
    for (int s = 0; s < slots_; ++s) {
      if (!(live >> s & 1u)) continue;
      std::memcpy(layout.slot(s).hidden[0], observations(s), sizeof(float) * (std::size_t)plan_.observations);
    }
  }
  EMBER_INLINE void act(int i, vfloat action) {
#pragma GCC unroll 4
    for (int s = 0; s < most_units_slots; ++s) {
      if (s < slots_) actions(s)[i] = action[s];
    }
  }
  EMBER_INLINE void step(unsigned live, vfloat* reward, vmask* terminated, vmask* finite) {
    const ember_env& env = env_.env();
    float rewards[most_units_slots] = {};
    std::int32_t over[most_units_slots] = {}, good[most_units_slots] = {};
    for (int s = 0; s < slots_; ++s) {
      if (!(live >> s & 1u)) continue;
      std::uint8_t flags = 0;
      env.step(env_.opened(), 1, group_.state + (std::size_t)s * env.state_size, actions(s), observations(s),
               &rewards[s], &flags);
      if (flags & EMBER_ERROR) rewards[s] = env_.report(group_.member[s]);
      over[s] = flags & (EMBER_TERMINATED | EMBER_TRUNCATED) ? -1 : 0;
      good[s] = __builtin_isfinite(rewards[s]) && env_.finite(observations(s)) ? -1 : 0;
    }
    *reward = raw::floats{rewards[0], rewards[1], rewards[2], rewards[3]};
    *terminated = raw::ints{over[0], over[1], over[2], over[3]};
    *finite = raw::ints{good[0], good[1], good[2], good[3]};
  }

 private:
  EMBER_INLINE float* observations(int s) const { return env_.observations() + s * plan_.observations; }
  EMBER_INLINE float* actions(int s) const { return env_.actions() + s * plan_.actions; }
  const CustomLanes& env_;
  const RolloutPlan& plan_;
  const int slots_;
  Group& group_;
};

template <template <class> class E>
EMBER_INLINE SlotsBuiltin<E> slots_of(const BuiltinLanes<E>& env, const RolloutPlan&, int, Group& group) {
  return {env, group};
}
EMBER_INLINE SlotsCustom slots_of(const CustomLanes& env, const RolloutPlan& plan, int slots, Group& group) {
  return {env, plan, slots, group};
}

// Counts the observation x of a slot and normalises it in place.
EMBER_INLINE void normalize_units(const RolloutPlan& plan, const UnitsLayout& layout, const UnitsSlot& slot,
                                  float* x, int vectors) {
  const vfloat bound(plan.observation_clip);
  for (int i = 0; i < vectors; ++i) {
    const vfloat seen = load(x + i * lanes), mean = load(layout.mean() + i * lanes);
    const vdouble apart = to_double(seen) - to_double(mean);
    double *sum = slot.sums + i * lanes, *squares = slot.squares + i * lanes;
    store(sum, load(sum) + apart);
    store(squares, load(squares) + apart * apart);
    const vfloat scaled = (seen - mean) * load(layout.inverse() + i * lanes);
    store(x + i * lanes, max(-bound, min(bound, scaled)));
  }
}

// Plays the episodes in the live lanes for up to `turns` actions, or until one of them ends.
template <class Env>
EMBER_INLINE Played play_units(const RolloutPlan& plan, UnitsLayout& layout, const Env& lanes_of_env,
                               Group& group, int turns) {
  Played played;
  const int observations = Env::observations(plan), vectors = padded(observations, lanes) / lanes;
  const unsigned living = bits(group.live);
  int live[most_units_slots], count = 0;
  for (int s = 0; s < layout.slots(); ++s) {
    if (living >> s & 1u) live[count++] = s;
  }
  auto env = slots_of(lanes_of_env, plan, layout.slots(), group);
  const auto each_sum = [&](auto f) EMBER_INLINE_LAMBDA {
    for (int n = 0; plan.normalize && n < count; ++n) {
      const UnitsSlot& slot = layout.slot(live[n]);
      for (int i = 0; i < observations; ++i) {
        f(slot.sums[i], group.sums[i * lanes + live[n]]);
        f(slot.squares[i], group.sums[(observations + i) * lanes + live[n]]);
      }
    }
  };
  each_sum([](double& here, double& there) { here = there; });
  vdouble returns = group.returns;
  vint steps = group.steps;
  while (played.turns < turns && played.ended == 0) {
    ++played.turns;
    env.observe(living, layout);
    for (int n = 0; n < count; ++n) {
      const UnitsSlot& slot = layout.slot(live[n]);
      float* x = slot.hidden[0];
      if (plan.normalize) normalize_units(plan, layout, slot, x, vectors);
      elementwise<false>(plan.policy.before, plan.policy.before_count, x, vectors, observations);
    }
    const float* out[most_units_slots] = {};
    layout.forward(live, count, out);
    for (const float*& of : out) of = of ? of : out[live[0]];

    const vmask good = choose_action(
        plan, Env::actions(plan), [&](int i) EMBER_INLINE_LAMBDA { return across_slots(out, count == 1, i); },
        [&](int i, vfloat x) EMBER_INLINE_LAMBDA { env.act(i, x); });
    vmask playing = group.live;
    for (int skip = 0; skip < plan.frame_skip; ++skip) {
      vfloat reward;
      vmask terminated, finite;
      env.step(bits(playing), &reward, &terminated, &finite);
      const vmask failed = !(good & finite);
      returns += to_double(select(playing & !failed, reward, vfloat(0.0f)));
      steps -= playing;  // -1 where it is true
      const vmask over = playing & (failed | terminated | (steps >= vint(plan.max_steps)));
      if (any(over)) {
        played.ended |= bits(over);
        played.failed |= bits(over & failed);
        playing &= !over;
        if (!any(playing)) break;
      }
    }
  }
  group.returns = returns;
  group.steps = steps;
  each_sum([](double& here, double& there) { there = here; });
  return played;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
