// Built-in and users' environments behind one face for the rollout loop.
#pragma once

#include "envs/env.h"
#include "include/ember_env.h"
#include "noise/random.h"
#include "rollout/group.h"

namespace ember {
namespace EMBER_LEVEL {

// The stream that starts an episode: shared by the members of a pair.
EMBER_INLINE Stream start_stream(const RolloutPlan& plan, int member, int episode) {
  const Population& p = plan.population;
  std::uint32_t direction = policy_direction;
  if (member < plan.members) {
    direction =
        p.common_starts ? 0u : (std::uint32_t)(p.first_direction + (p.antithetic ? member / 2 : member));
  }
  return Stream((std::uint32_t)p.reset_purpose, p.seed, p.generation, direction, (std::uint32_t)episode);
}

// Numbers that are finite times zero are zero; anything else is not a number.
EMBER_INLINE vfloat add_unless_finite(vfloat x, vfloat sum) { return fma(x, vfloat(0.0f), sum); }

// What the policy's outputs, output(i), ask of the environment: the number of the largest, or `actions`
// values, clipped where the plan says so; put(i, value) takes them. Returns where no output is NaN.
template <class Output, class Put>
EMBER_INLINE vmask choose_action(const RolloutPlan& plan, int actions, Output output, Put put) {
  vmask good = vint(-1);
  if (plan.discrete) {
    vfloat best = output(0), choice(0.0f);
    good = best == best;
    for (int i = 1; i < plan.policy.outputs; ++i) {
      const vfloat value = output(i);
      const vmask larger = value > best;
      best = select(larger, value, best);
      choice = select(larger, vfloat((float)i), choice);
      good &= value == value;
    }
    put(0, choice);
    return good;
  }
  for (int i = 0; i < actions; ++i) {
    vfloat value = output(i);
    good &= value == value;
    if (plan.action_low) value = min(splat(plan.action_high[i]), max(splat(plan.action_low[i]), value));
    put(i, value);
  }
  return good;
}

template <template <class> class E>
class BuiltinLanes {
 public:
  using Env = E<vfloat>;
  static constexpr bool builtin = true;
  BuiltinLanes(const RolloutPlan& plan, Arena&) : plan_(plan), env_(plan.constants) {}
  const Env& env() const { return env_; }
  static constexpr int observations(const RolloutPlan&) { return Env::observations; }
  static constexpr int actions(const RolloutPlan&) { return Env::actions; }
  static std::int64_t state_bytes(const RolloutPlan&) {
    return (std::int64_t)sizeof(float) * Env::states * lanes;
  }

  // Returns whether the start is finite.
  bool reset(Group& group, int lane) {
    float u[Env::uniforms + 1];
    if (Env::uniforms > 0)
      uniforms(start_stream(plan_, group.member[lane], group.episode[lane]), Env::uniforms, u);
    vfloat lanes_of_u[Env::uniforms + 1], state[Env::states];
    for (int i = 0; i < Env::uniforms; ++i) lanes_of_u[i] = splat(u[i]);
    env_.reset(state, lanes_of_u);
    float* to = (float*)group.state;
    for (int i = 0; i < Env::states; ++i) to[i * lanes + lane] = state[i][0];
    return true;
  }
  EMBER_INLINE void observe(Group& group) {
    vfloat state[Env::states], observation[Env::observations];
    for (int i = 0; i < Env::states; ++i) state[i] = load((const float*)group.state + i * lanes);
    env_.observe(state, observation);
    for (int i = 0; i < Env::observations; ++i) store(group.observation + i * lanes, observation[i]);
  }
  EMBER_INLINE void step(Group& group, vfloat* reward, vmask* terminated, vmask* finite) {
    vfloat state[Env::states], action[Env::actions];
    for (int i = 0; i < Env::states; ++i) state[i] = load((const float*)group.state + i * lanes);
    for (int i = 0; i < Env::actions; ++i) action[i] = load(group.action + i * lanes);
    env_.step(state, action, reward, terminated);
    vfloat sum = add_unless_finite(*reward, vfloat(0.0f));
    for (int i = 0; i < Env::states; ++i) {
      sum = add_unless_finite(state[i], sum);
      store((float*)group.state + i * lanes, state[i]);
    }
    *finite = sum == vfloat(0.0f);
  }
  void move(const Group& from, int lane, Group& to, int to_lane) {
    for (int i = 0; i < Env::states; ++i) {
      ((float*)to.state)[i * lanes + to_lane] = ((const float*)from.state)[i * lanes + lane];
    }
  }

 private:
  const RolloutPlan& plan_;
  Env env_;
};

// A user's environment sees only lanes that are live: after its end an episode is never stepped.
class CustomLanes {
 public:
  static constexpr bool builtin = false;
  CustomLanes(const RolloutPlan& plan, Arena& arena) : plan_(plan), env_(*plan.custom) {
    const bool counting = !arena.has_memory();
    opened_ = counting || !env_.open ? env_.context : env_.open(env_.context);
    close_ = counting || !env_.open ? nullptr : env_.close;
    states_ = arena.take<unsigned char>((std::int64_t)lanes * env_.state_size);
    observations_ = arena.take<float>((std::int64_t)lanes * env_.observation_size);
    actions_ = arena.take<float>((std::int64_t)lanes * plan.actions);
  }
  ~CustomLanes() {
    if (close_) close_(opened_);
  }
  CustomLanes(const CustomLanes&) = delete;
  CustomLanes& operator=(const CustomLanes&) = delete;
  const ember_env& env() const { return env_; }
  void* opened() const { return opened_; }  // handed to every call
  float* observations() const {
    return observations_;
  }  // room for (lanes, observations) and (lanes, actions)
  float* actions() const { return actions_; }
  static int observations(const RolloutPlan& plan) { return plan.observations; }
  static int actions(const RolloutPlan& plan) { return plan.actions; }
  static std::int64_t state_bytes(const RolloutPlan& plan) {
    return (std::int64_t)plan.custom->state_size * lanes;
  }

  bool reset(Group& group, int lane) {
    const std::uint64_t seed = derived_seed64(start_stream(plan_, group.member[lane], group.episode[lane]));
    unsigned char* state = group.state + (std::size_t)lane * env_.state_size;
    std::memset(state, 0, env_.state_size);
    env_.reset(opened_, 1, state, &seed, observations_);
    return spread(group, &lane, 1) == 0;
  }
  void observe(Group&) {}
  EMBER_INLINE void step(Group& group, vfloat* reward, vmask* terminated, vmask* finite) {
    int live[lanes], count = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      if (group.live[lane]) live[count++] = lane;
    }
    const bool packed = live[count - 1] == count - 1;
    unsigned char* states = packed ? group.state : states_;
    const std::size_t size = env_.state_size;
    for (int n = 0; n < count; ++n) {
      if (!packed) std::memcpy(states_ + n * size, group.state + live[n] * size, size);
      for (int i = 0; i < plan_.actions; ++i)
        actions_[n * plan_.actions + i] = group.action[i * lanes + live[n]];
    }
    float rewards[lanes] = {};
    std::uint8_t flags[lanes] = {};
    env_.step(opened_, count, states, actions_, observations_, rewards, flags);
    float lane_rewards[lanes] = {};
    std::int32_t done[lanes] = {}, good[lanes] = {};
    const unsigned bad = spread(group, live, count);
    for (int n = 0; n < count; ++n) {
      const int lane = live[n];
      if (!packed) std::memcpy(group.state + lane * size, states_ + n * size, size);
      if (flags[n] & EMBER_ERROR) rewards[n] = report(group.member[lane]);
      lane_rewards[lane] = rewards[n];
      done[lane] = flags[n] & (EMBER_TERMINATED | EMBER_TRUNCATED) ? -1 : 0;
      good[lane] = __builtin_isfinite(rewards[n]) && !(bad >> n & 1u) ? -1 : 0;
    }
    *reward = load(lane_rewards);
    *terminated = load(done);
    *finite = load(good);
  }
  void move(const Group& from, int lane, Group& to, int to_lane) {
    std::memcpy(to.state + (std::size_t)to_lane * env_.state_size,
                from.state + (std::size_t)lane * env_.state_size, env_.state_size);
  }

  // What an error of the environment does. Returns a reward by which the episode fails.
  float report(int member) const {
    if (plan_.rank_last) return __builtin_nanf("");
    std::int64_t none = -1;
    __atomic_compare_exchange_n(plan_.error, &none, (std::int64_t)member, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    return __builtin_nanf("");
  }
  bool finite(const float* row) const {
    const int count = plan_.observations;
    vfloat sum(0.0f);
    int i = 0;
    for (; i + lanes <= count; i += lanes) sum = add_unless_finite(load(row + i), sum);
    float rest = 0.0f;
    for (; i < count; ++i) rest += row[i] * 0.0f;
    return all(sum == vfloat(rest));
  }

 private:
  // Copies rows of observations_ into the group's lanes; bit n is set where row n is not finite.
  unsigned spread(Group& group, const int* lane, int count) {
    unsigned bad = 0;
    for (int n = 0; n < count; ++n) {
      const float* row = observations_ + (std::int64_t)n * plan_.observations;
      float sum = 0.0f;
      for (int i = 0; i < plan_.observations; ++i) {
        group.observation[i * lanes + lane[n]] = row[i];
        sum += row[i] * 0.0f;
      }
      if (sum != 0.0f) bad |= 1u << n;
    }
    return bad;
  }

  const RolloutPlan& plan_;
  const ember_env& env_;
  void* opened_;
  void (*close_)(void*);
  unsigned char* states_;
  float *observations_, *actions_;
};

}  // namespace EMBER_LEVEL
}  // namespace ember
