// MountainCarContinuous-v0, as gymnasium 1.4 writes it.
//
// Its number types are those of numpy 2: the state is float64 until the first step and float32 afterwards, so
// that a Python float that meets it is rounded to float32 first; and the force is a float32 unless it was
// clipped, when it is a Python float. state[2] says whether a step was taken. For lanes all of that is
// float32 and changes nothing.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct MountainCarContinuous {
  static constexpr int states = 3, observations = 2, actions = 1, uniforms = 1;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "MountainCarContinuous-v0";
    d.observations = observations;
    d.actions = 1;
    d.action_bound = 1.0f;
    d.max_steps = 999;
    d.reward_threshold = 90.0;
    d.start = {-0.6, -0.4, false, false};
    d.state_size = 2;
    d.observation_names = {{"position", "velocity"}};
    d.action_names = {{"force"}};
    d.parameters = {{{"goal_velocity", 0.0},
                     {"goal_position", 0.45},
                     {"power", 0.0015},
                     {"max_speed", 0.07},
                     {"min_position", -1.2},
                     {"max_position", 0.6}}};
    return d;
  }();

  T goal_velocity, goal_position, power, max_speed, min_position, max_position;
  EMBER_INLINE explicit MountainCarContinuous(const double* c)
      : goal_velocity(c[0]),
        goal_position(c[1]),
        power(c[2]),
        max_speed(c[3]),
        min_position(c[4]),
        max_position(c[5]) {}

  EMBER_INLINE void reset(T* state, const T* u) const {
    state[0] = from_uniform<T>(description.start, u[0]);
    state[1] = T(0.0);
    state[2] = T(0.0);
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    observation[0] = state[0];
    observation[1] = state[1];
  }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    const mask_of<T> rounds = state[2] != T(0.0);
    const auto round = [&](T x) { return select(rounds, as_float32(x), x); };
    const T a = action[0];
    const mask_of<T> clipped = (a < T(-1.0)) | (a > T(1.0));
    const T pull = T(0.0025) * cos(round(T(3.0) * state[0]));
    const T push = select(clipped, clip(a, T(-1.0), T(1.0)) * power - pull,
                          as_float32(as_float32(a * as_float32(power)) - as_float32(pull)));
    T velocity = round(state[1] + round(push));
    velocity = clip(velocity, round(-max_speed), round(max_speed));
    T position = round(state[0] + velocity);
    position = clip(position, round(min_position), round(max_position));
    velocity = select((position == round(min_position)) & (velocity < T(0.0)), T(0.0), velocity);
    *terminated = (position >= round(goal_position)) & (velocity >= round(goal_velocity));
    *reward = select(*terminated, T(100.0), T(0.0)) - a * a * T(0.1);
    state[0] = as_float32(position);
    state[1] = as_float32(velocity);
    state[2] = T(1.0);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
