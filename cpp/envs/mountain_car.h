// MountainCar-v0 (Moore 1990), as gymnasium 1.4 writes it.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct MountainCar {
  static constexpr int states = 2, observations = 2, actions = 1, uniforms = 1;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "MountainCar-v0";
    d.observations = observations;
    d.actions = 3;
    d.discrete = true;
    d.max_steps = 200;
    d.reward_threshold = -110.0;
    d.start = {-0.6, -0.4, false, false};
    d.state_size = 2;
    d.observation_names = {{"position", "velocity"}};
    d.action_names = {{"push left", "coast", "push right"}};
    d.parameters = {{{"goal_velocity", 0.0},
                     {"goal_position", 0.5},
                     {"force", 0.001},
                     {"gravity", 0.0025},
                     {"max_speed", 0.07},
                     {"min_position", -1.2},
                     {"max_position", 0.6}}};
    return d;
  }();

  T goal_velocity, goal_position, force, gravity, max_speed, min_position, max_position;
  EMBER_INLINE explicit MountainCar(const double* c)
      : goal_velocity(c[0]),
        goal_position(c[1]),
        force(c[2]),
        gravity(c[3]),
        max_speed(c[4]),
        min_position(c[5]),
        max_position(c[6]) {}

  EMBER_INLINE void reset(T* state, const T* u) const {
    state[0] = from_uniform<T>(description.start, u[0]);
    state[1] = T(0.0);
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    observation[0] = state[0];
    observation[1] = state[1];
  }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    T velocity = state[1] + ((action[0] - T(1.0)) * force + cos(T(3.0) * state[0]) * -gravity);
    velocity = clip(velocity, -max_speed, max_speed);
    const T position = clip(state[0] + velocity, min_position, max_position);
    velocity = select((position == min_position) & (velocity < T(0.0)), T(0.0), velocity);
    state[0] = position;
    state[1] = velocity;
    *reward = T(-1.0);
    *terminated = (position >= goal_position) & (velocity >= goal_velocity);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
